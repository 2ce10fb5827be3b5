// What happens by itself for one database.

import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { Answered } from "@/components/States";
import { ScheduleList } from "./SchedulesPage";

export function SchedulesTab({ connection }: { connection: Schema["Connection"] }) {
	const navigate = useNavigate();
	const question = useRead("schedule.list", {});
	return (
		<Answered question={question} rows={4}>
			{(data) => {
				const own = data.schedules.filter((each) => each.connection_id === connection.id);
				return (
					<div className="flex h-full min-h-0 flex-col gap-2.5">
						{own.length > 0 && (
							<div className="flex items-center">
								<p className="text-sm text-text-2">What happens by itself here.</p>
								<Button
									className="ml-auto"
									icon={<Plus aria-hidden className="size-3.5" />}
									onClick={() =>
										void navigate({ to: "/schedules/new", search: { connection: connection.id } })
									}
									data-testid="schedule-add"
								>
									Add schedule
								</Button>
							</div>
						)}
						<ScheduleList schedules={own} connection={connection} />
					</div>
				);
			}}
		</Answered>
	);
}
