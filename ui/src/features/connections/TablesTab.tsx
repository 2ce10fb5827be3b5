// The live structure: tables with the engine's own estimates.

import { Table2 } from "lucide-react";
import { useRead } from "@/api/queries";
import { Answered, EmptyState } from "@/components/States";
import { planned, TableList } from "@/components/TableList";
import { bytes, counted } from "@/lib/bytes";
import { serverName } from "@/lib/text";

export function TablesTab({ connectionId }: { connectionId: string }) {
	const inspected = useRead("database.inspect", { connection: connectionId }, { staleTime: 30_000 });
	return (
		<Answered question={inspected} rows={8}>
			{({ server, tables }) => (
				<div className="flex h-full min-h-0 flex-col gap-2.5">
					<p className="text-text-2">
						{[
							counted(tables.length, "table"),
							server.size_bytes != null && `${bytes(server.size_bytes)} on disk`,
							serverName(server),
							server.encoding,
							server.transport,
						]
							.filter(Boolean)
							.join(" · ")}
					</p>
					<div className="min-h-0 flex-1">
						<TableList
							label="Tables"
							tables={planned(tables)}
							estimated
							maxHeight="fill"
							empty={
								<EmptyState icon={<Table2 aria-hidden />} title="This database has no tables">
									It can be backed up all the same; its other objects are captured.
								</EmptyState>
							}
						/>
					</div>
				</div>
			)}
		</Answered>
	);
}
