// The page of the form: a new schedule, or one that is changed.

import { useNavigate } from "@tanstack/react-router";
import { useRead } from "@/api/queries";
import { Page } from "@/components/Page";
import { Answered } from "@/components/States";
import { presets } from "./presets";
import { ScheduleForm } from "./ScheduleForm";

interface NewSchedulePageProps {
	/** To begin with: a database, a preset by its id, a clean-up rule, a group. */
	connection?: string;
	preset?: string;
	rule?: string;
	group?: string;
}

export function NewSchedulePage({ connection, preset, rule, group }: NewSchedulePageProps) {
	const connections = useRead("connection.list", {});
	const { done, cancel } = useWays();
	return (
		<Page title="Add schedule">
			<Answered question={connections} rows={5}>
				{(data) => (
					<ScheduleForm
						connections={data.connections}
						about={{ connection, rule, group }}
						preset={presets.find((each) => each.id === preset)}
						onDone={done}
						onCancel={cancel}
					/>
				)}
			</Answered>
		</Page>
	);
}

export function EditSchedulePage({ scheduleId }: { scheduleId: string }) {
	const connections = useRead("connection.list", {});
	const schedule = useRead("schedule.get", { schedule: scheduleId });
	const { done, cancel } = useWays();
	return (
		<Page title={schedule.data ? `Change "${schedule.data.name}"` : "Change schedule"}>
			<Answered question={connections} rows={5}>
				{(data) => (
					<Answered question={schedule} rows={5}>
						{(loaded) => (
							<ScheduleForm
								connections={data.connections}
								schedule={loaded}
								onDone={done}
								onCancel={cancel}
							/>
						)}
					</Answered>
				)}
			</Answered>
		</Page>
	);
}

function useWays() {
	const navigate = useNavigate();
	return {
		done: (id: string) => void navigate({ to: "/schedules", search: { schedule: id } }),
		cancel: () => window.history.back(),
	};
}
