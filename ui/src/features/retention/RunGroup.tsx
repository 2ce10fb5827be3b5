// Carries the rules of a group out at once, after what goes was shown.

import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { sayDone } from "@/components/say";
import { counted } from "@/lib/bytes";
import { Going } from "./Verdicts";

interface RunGroupProps {
	group: string;
	members: readonly Schema["GroupMember"][];
	onClose: () => void;
}

export function RunGroup({ group, members, onClose }: RunGroupProps) {
	const run = useAct("retention.run", () => {
		sayDone("Old backups are being deleted; the job frees their room, too.");
		onClose();
	});
	const going = members.flatMap((each) => each.going);
	return (
		<ConfirmationDialog
			title={`Delete old backups of the group ${group}?`}
			about="Each database by the rules that hold for it. The newest good and the newest proven backup of each stay."
			action={`Delete ${counted(going.length, "backup")}`}
			busy={run.isPending}
			error={run.error}
			wide
			onClose={onClose}
			onConfirm={() => run.mutate({ request: { group } })}
		>
			<Going backups={going} mixed />
		</ConfirmationDialog>
	);
}
