// The databases of a group, whose rules hold for each, and what they would do.

import { useNavigate } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { Badge } from "@/components/Badge";
import { Cut, DataTable } from "@/components/DataTable";
import { Bytes } from "@/components/Moment";
import { count } from "@/lib/bytes";

export function Members({ members }: { members: readonly Schema["GroupMember"][] }) {
	const navigate = useNavigate();
	return (
		<DataTable
			label="Databases of the group"
			rows={members}
			rowKey={(row) => row.connection_id}
			rowLabel={(row) => `Retention of ${row.connection}`}
			rowTestId="group-member"
			maxHeight={420}
			onSelect={(row) =>
				void navigate({ to: "/db/$connectionId/retention", params: { connectionId: row.connection_id } })
			}
			columns={[
				{
					id: "name",
					title: "Database",
					width: "minmax(120px,2fr)",
					sort: (row) => row.connection,
					cell: (row) => <Cut text={row.connection} strong />,
				},
				{
					id: "rules",
					title: "Rules",
					width: "120px",
					sort: (row) => (row.own ? 1 : 0),
					cell: (row) => (
						<Badge tone={row.own ? "accent" : "neutral"}>{row.own ? "its own" : "the group's"}</Badge>
					),
				},
				{
					id: "going",
					title: "Would go",
					width: "88px",
					right: true,
					sort: (row) => row.going.length,
					cell: (row) => (
						<span className={row.going.length > 0 ? "font-medium text-bad" : "text-text-3"}>
							{count(row.going.length)}
						</span>
					),
				},
				{
					id: "staying",
					title: "Stay",
					width: "72px",
					right: true,
					sort: (row) => row.staying,
					cell: (row) => count(row.staying),
				},
				{
					id: "frees",
					title: "Had added",
					width: "96px",
					right: true,
					sort: (row) => row.frees_bytes,
					cell: (row) => <Bytes value={row.frees_bytes} />,
				},
			]}
		/>
	);
}
