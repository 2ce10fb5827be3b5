// All databases at a glance: what needs a person, what is proven, what is at risk, and the next step.

import { useNavigate } from "@tanstack/react-router";
import { Database, Plus } from "lucide-react";
import type { ReactNode } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { DataTable } from "@/components/DataTable";
import { Page } from "@/components/Page";
import { Answered, EmptyState } from "@/components/States";
import { StrayBackups } from "@/components/StrayBackups";
import { sayError } from "@/components/say";
import { useWide } from "@/components/useWide";
import { Cards } from "./Cards";
import { databaseColumns } from "./databaseColumns";

interface OverviewPageProps {
	backUp: (connection: Schema["Connection"]) => ReactNode;
	drill: (connection: Schema["Connection"]) => ReactNode;
}

export function OverviewPage({ backUp, drill }: OverviewPageProps) {
	const overview = useRead("overview.get", {});
	const navigate = useNavigate();
	const all = useAct("backup.create");
	const wide = useWide();
	const databases = overview.data?.databases ?? [];
	return (
		<Page
			title="Overview"
			actions={
				<>
					<Button
						icon={<Plus aria-hidden className="size-3.5" />}
						onClick={() => void navigate({ to: "/connections/new" })}
						data-testid="add-connection"
					>
						Add connection
					</Button>
					{databases.length > 1 && (
						<Button
							tone="primary"
							busy={all.isPending}
							onClick={() => {
								for (const each of databases)
									all.mutate({ request: { connection: each.connection.id } }, { onError: sayError });
							}}
						>
							Back up all
						</Button>
					)}
				</>
			}
		>
			<Answered question={overview} rows={8}>
				{(data) =>
					data.databases.length === 0 ? (
						<Nothing />
					) : (
						<>
							<Cards overview={data} />
							<DataTable
								label="Databases"
								rows={data.databases}
								columns={databaseColumns(backUp, drill).filter((each) => wide || each.id !== "history")}
								rowKey={(row) => row.connection.id}
								rowLabel={(row) => `Open ${row.connection.name}`}
								rowHeight={46}
								maxHeight={10_000}
								onOpen={(row) =>
									void navigate({
										to: "/db/$connectionId/backups",
										params: { connectionId: row.connection.id },
									})
								}
							/>
						</>
					)
				}
			</Answered>
			<div className="mt-4 shrink-0 empty:hidden">
				<StrayBackups />
			</div>
		</Page>
	);
}

function Nothing() {
	const navigate = useNavigate();
	const sample = useAct("sample.create");
	return (
		<EmptyState
			icon={<Database aria-hidden />}
			title="No database is connected yet"
			action={
				<>
					<Button tone="primary" onClick={() => void navigate({ to: "/connections/new" })}>
						Add connection
					</Button>
					<Button
						busy={sample.isPending}
						onClick={() => sample.mutate({ request: {} }, { onError: sayError })}
					>
						Connect the sample database
					</Button>
				</>
			}
		>
			Connect PostgreSQL, MySQL, MariaDB or SQLite by pasting a URL or filling in a form. Or try everything on
			a small sample shop first.
		</EmptyState>
	);
}
