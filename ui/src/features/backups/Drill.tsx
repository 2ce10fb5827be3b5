// A restore drill: the newest whole backup is restored into a scratch database, compared and timed. What comes of it is the
// measured time to restore.

import { Timer } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { jobEnded } from "@/api/events";
import { copiesAreFiles, serversFor } from "@/api/offers";
import { useAct, useRead } from "@/api/queries";
import { Button, IconButton } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { PlanSteps } from "@/components/PlanForm";
import { ErrorState } from "@/components/States";
import { sayDone } from "@/components/say";

interface DrillButtonProps {
	connection: Schema["Connection"];
	/** Only its sign, for a cell of a table. */
	compact?: boolean;
}

export function DrillButton({ connection, compact }: DrillButtonProps) {
	const [open, setOpen] = useState(false);
	const running = useDrill(connection) !== null;
	const dialog = open && <DrillDialog connection={connection} onClose={() => setOpen(false)} />;
	return (
		// In a table the row itself can be clicked too, and a dialog's clicks bubble through React's tree.
		// biome-ignore lint/a11y: it only keeps clicks to itself
		<span
			className="contents"
			onClick={(event) => event.stopPropagation()}
			onKeyDown={(event) => event.stopPropagation()}
		>
			{compact ? (
				<IconButton
					label={
						running
							? `A restore drill of ${connection.name} runs`
							: `Run a restore drill of ${connection.name}`
					}
					disabled={running}
					onClick={() => setOpen(true)}
					data-testid="drill-open"
				>
					<Timer />
				</IconButton>
			) : (
				<Button
					icon={<Timer aria-hidden className="size-3.5" />}
					busy={running}
					onClick={() => setOpen(true)}
					data-testid="drill-open"
				>
					{running ? "Drill runs" : "Run a drill…"}
				</Button>
			)}
			{dialog}
		</span>
	);
}

/** The drill of this database that runs now. It may run on another connection's server, so its title tells. */
export function useDrill(connection: Pick<Schema["Connection"], "name">): Schema["Job"] | null {
	const jobs = useRead("job.list", { limit: 50 });
	const drills = (jobs.data?.jobs ?? []).filter((job) => job.operation === "backup.drill" && !jobEnded(job));
	return drills.find((job) => job.title === `Restore drill of ${connection.name}`) ?? null;
}

function DrillDialog({ connection, onClose }: { connection: Schema["Connection"]; onClose: () => void }) {
	const connections = useRead("connection.list", {});
	const { engine } = connection.offers;
	// A file needs no server. A server must allow a scratch database to be made.
	const needed = !copiesAreFiles(connection.offers);
	const servers = serversFor(engine, connections.data?.connections ?? []);
	const usual = servers.find((each) => each.id === connection.id) ?? servers[0];
	const [picked, setPicked] = useState<string | null>(null);
	const server = picked ?? usual?.id ?? null;
	const none = needed && connections.data !== undefined && server === null;
	const drill = useAct("backup.drill", () => {
		sayDone(`The drill of ${connection.name} runs. Its time is shown when it has ended.`);
		onClose();
	});
	return (
		<Modal
			title={`Restore drill of ${connection.name}`}
			about="Tries what you would do after a loss, and measures how long it takes. The live database is not touched."
			open
			onClose={onClose}
			testId="drill-dialog"
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={none}
						busy={drill.isPending}
						data-testid="drill-start"
						onClick={() =>
							drill.mutate({
								request: {
									connection: connection.id,
									scratch_connection: server === connection.id ? null : server,
								},
							})
						}
					>
						Run the drill
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<PlanSteps
					steps={[
						"The newest backup of the whole database is restored into a scratch database.",
						"Every table is counted and compared with what was backed up.",
						"The time is kept as the measured time to restore, and the scratch database goes.",
					]}
				/>
				{servers.length > 1 && (
					<SelectField
						label="Make the scratch database on the server of"
						value={server ?? ""}
						onPick={setPicked}
						choices={servers.map((each) => ({ value: each.id, text: each.name }))}
						hint="It needs as much room there as the database takes."
						data-testid="drill-server"
					/>
				)}
				{none && (
					<p className="text-bad">
						This connection is read-only, and no other of its kind may write: add one that may make a scratch
						database.
					</p>
				)}
				{drill.error && <ErrorState error={drill.error} compact />}
			</div>
		</Modal>
	);
}
