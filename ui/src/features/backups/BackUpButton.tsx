// The main job, one click away. What it needs is decided by the connection; options are a second door.

import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { sayError } from "@/components/say";

interface BackUpButtonProps {
	connection: Pick<Schema["Connection"], "id" | "name">;
	primary?: boolean;
	text?: string;
}

export function BackUpButton({ connection, primary, text = "Back up" }: BackUpButtonProps) {
	const create = useAct("backup.create");
	const jobs = useRead("job.list", { limit: 50 });
	const running = (jobs.data?.jobs ?? []).some(
		(job) =>
			job.operation === "backup.create" &&
			job.connection_id === connection.id &&
			(job.state === "running" || job.state === "queued"),
	);
	return (
		<Button
			tone={primary ? "primary" : "plain"}
			busy={create.isPending || running}
			aria-label={`${text}: ${connection.name}`}
			data-testid="back-up-now"
			data-connection={connection.name}
			onClick={(event) => {
				// In a table the row itself can be clicked too.
				event.stopPropagation();
				create.mutate({ request: { connection: connection.id } }, { onError: sayError });
			}}
		>
			{running ? "Running" : text}
		</Button>
	);
}
