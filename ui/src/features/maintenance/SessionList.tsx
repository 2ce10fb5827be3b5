// Who is connected, and closing those that have done nothing for long. Our own are never closed from here.

import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { ConfirmationDialog } from "@/components/ConfirmationDialog";
import { Cut, DataTable } from "@/components/DataTable";
import { CheckField, TextField } from "@/components/Field";
import { Modal } from "@/components/Modal";
import { PlanGate } from "@/components/PlanGate";
import { Answered } from "@/components/States";
import { sayDone } from "@/components/say";
import { counted } from "@/lib/bytes";
import { duration } from "@/lib/time";

type Session = Schema["ServerSession"];

export function SessionList({ connection }: { connection: Schema["Connection"] }) {
	const question = useRead("session.list", { connection: connection.id }, { refetchInterval: 15_000 });
	const [asking, setAsking] = useState(false);
	return (
		<section aria-label="Sessions" data-testid="sessions">
			<div className="mb-1.5 flex items-center gap-3">
				<h2 className="font-semibold">Sessions</h2>
				<Button
					small
					className="ml-auto"
					disabled={connection.read_only || question.data === undefined}
					onClick={() => setAsking(true)}
					data-testid="sessions-close"
				>
					Close idle ones…
				</Button>
			</div>
			<Answered question={question} rows={3}>
				{({ sessions }) => <Sessions sessions={sessions} />}
			</Answered>
			{asking && <CloseIdle connection={connection} onClose={() => setAsking(false)} />}
		</section>
	);
}

function Sessions({ sessions }: { sessions: readonly Session[] }) {
	return (
		<DataTable
			label="Sessions"
			rows={sessions}
			rowKey={(row) => `${row.id} ${row.started}`}
			maxHeight={230}
			rowHeight={30}
			empty={<p className="p-3 text-text-2">Nobody else is connected.</p>}
			columns={[
				{
					id: "user",
					title: "User",
					width: "minmax(90px,1fr)",
					sort: (row) => row.user,
					cell: (row) => <Cut text={row.user ?? ""} />,
				},
				{
					id: "application",
					title: "Program",
					width: "minmax(110px,1.4fr)",
					sort: (row) => row.application,
					cell: (row) => (
						<span className="flex min-w-0 items-center gap-1.5">
							<Cut text={row.application ?? ""} />
							{row.ours && <Badge>ours</Badge>}
						</span>
					),
				},
				{
					id: "client",
					title: "From",
					width: "minmax(90px,1fr)",
					sort: (row) => row.client,
					cell: (row) => <Cut text={row.client ?? "local"} />,
				},
				{
					id: "state",
					title: "State",
					width: "minmax(110px,1.2fr)",
					sort: (row) => row.state,
					cell: (row) => (
						<span className="flex min-w-0 items-center gap-1.5">
							<Cut text={row.state ?? ""} />
							{row.in_transaction && row.idle_ms != null && <Badge tone="warn">open transaction</Badge>}
						</span>
					),
				},
				{
					id: "idle",
					title: "Idle for",
					width: "92px",
					right: true,
					sort: (row) => row.idle_ms,
					cell: (row) =>
						row.idle_ms == null ? <span className="text-text-3">works</span> : duration(row.idle_ms),
				},
			]}
		/>
	);
}

function CloseIdle({ connection, onClose }: { connection: Schema["Connection"]; onClose: () => void }) {
	const [minutes, setMinutes] = useState("30");
	const [open, setOpen] = useState(false);
	const [planning, setPlanning] = useState(false);
	const good = /^\d{1,5}$/.test(minutes) && Number(minutes) > 0;
	const apply = useAct("session.close.apply", ({ closed, left_alone }) => {
		sayDone(
			`${counted(closed.length, "session")} closed${left_alone > 0 ? `, ${left_alone} left alone: they were gone or at work again` : ""}.`,
		);
		onClose();
	});
	const title = `Close idle sessions of ${connection.name}`;
	if (planning)
		return (
			<PlanGate
				operation="session.close.plan"
				request={{ connection: connection.id, idle_ms: Number(minutes) * 60_000, in_transaction: open }}
				title={title}
				onClose={onClose}
			>
				{(plan) => (
					<ConfirmationDialog
						title={title}
						about={plan.summary}
						action={
							plan.sessions.length === 0 ? "Close" : `Close ${counted(plan.sessions.length, "session")}`
						}
						digest={plan.digest}
						blocked={plan.sessions.length === 0}
						busy={apply.isPending}
						error={apply.error}
						wide
						onClose={onClose}
						onConfirm={(confirmation) => apply.mutate({ request: { plan_id: plan.plan_id }, confirmation })}
					>
						{plan.sessions.length > 0 && <Sessions sessions={plan.sessions} />}
					</ConfirmationDialog>
				)}
			</PlanGate>
		);
	return (
		<Modal
			title={title}
			about="Holdfast's own are never closed."
			open
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={!good}
						onClick={() => setPlanning(true)}
						data-testid="sessions-plan"
					>
						Show which
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<TextField
					label="Those that have done nothing for more than (minutes)"
					inputMode="numeric"
					className="max-w-[320px]"
					value={minutes}
					onText={setMinutes}
					error={good ? null : "A whole number of minutes."}
				/>
				<CheckField
					label="Also those that hold a transaction open"
					hint="What they have not committed is rolled back."
					checked={open}
					onCheck={setOpen}
				/>
			</div>
		</Modal>
	);
}
