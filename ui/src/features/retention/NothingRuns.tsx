// Rules that nothing carries out are worth a word.

import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Note } from "@/components/Panel";

type NothingRunsProps = { connection: Schema["Connection"] } | { group: string };

/** Nothing while a schedule carries the rules out. */
export function NothingRuns(props: NothingRunsProps) {
	const navigate = useNavigate();
	const schedules = useRead("schedule.list", {});
	const group = "group" in props ? props.group : props.connection.group;
	const connection = "connection" in props ? props.connection.id : null;
	const runs = (schedules.data?.schedules ?? []).some(
		(each) =>
			each.operation === "retention.run" &&
			each.enabled &&
			((connection !== null && each.connection_id === connection) ||
				(group != null && (each.request as Record<string, unknown>).group === group)),
	);
	if (schedules.data === undefined || runs) return null;
	return (
		<Note>
			<span className="flex items-center gap-3">
				<span>No schedule carries these rules out; old backups go only when you delete them here.</span>
				<Button
					small
					className="ml-auto"
					data-testid="retention-daily"
					onClick={() =>
						void navigate({
							to: "/schedules/new",
							search: connection === null ? { group: group ?? "" } : { connection, preset: "retention" },
						})
					}
				>
					Run daily…
				</Button>
			</span>
		</Note>
	);
}
