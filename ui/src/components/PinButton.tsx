import { Pin, PinOff } from "lucide-react";
import type { Schema } from "@/api/client";
import { IconButton } from "./Button";

interface PinButtonProps {
	backup: Pick<Schema["Backup"], "name" | "pinned">;
	onPin: (pinned: boolean) => void;
}

/** A pinned backup is never removed by rules. */
export function PinButton({ backup, onPin }: PinButtonProps) {
	const pinned = backup.pinned ?? false;
	return (
		<IconButton
			label={
				pinned
					? `Let the rules decide about ${backup.name} again`
					: `Pin ${backup.name}: rules never remove it`
			}
			aria-pressed={pinned}
			className={pinned ? "text-accent" : ""}
			data-testid="pin"
			onClick={(event) => {
				event.stopPropagation();
				onPin(!pinned);
			}}
		>
			{pinned ? <PinOff /> : <Pin />}
		</IconButton>
	);
}
