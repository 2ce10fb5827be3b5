// The rules that delete old rows of a database, and what can be done with each.

import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { type Column, Cut, DataTable } from "@/components/DataTable";
import { Menu, MenuItem, MenuLine } from "@/components/Menu";
import { RelativeTime } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Answered } from "@/components/States";
import { sayDone, sayError } from "@/components/say";
import { count } from "@/lib/bytes";
import { tableName } from "@/lib/text";
import { AgreeToRule } from "./AgreeToRule";
import { RuleForm } from "./RuleForm";
import { RunRule } from "./RunRule";
import { requestOf, rowsText } from "./words";

type Rule = Schema["CleanupRule"];

interface RulesProps {
	connection: Schema["Connection"];
	onStarted: (job: string) => void;
}

export function Rules({ connection, onStarted }: RulesProps) {
	// The command line may have changed them.
	const question = useRead("cleanup.list", {}, { staleTime: 0 });
	const [editing, setEditing] = useState<Rule | "new" | null>(null);
	const [running, setRunning] = useState<Rule | null>(null);
	const [agreeing, setAgreeing] = useState<Rule | null>(null);
	const add = (
		<Button
			icon={<Plus aria-hidden className="size-3.5" />}
			disabled={connection.read_only}
			onClick={() => setEditing("new")}
			data-testid="rule-add"
		>
			Add rule…
		</Button>
	);
	return (
		<Panel title="Rules for old rows" aside={add}>
			<Answered question={question} rows={2}>
				{({ rules }) => {
					const own = rules.filter((each) => each.connection_id === connection.id);
					return (
						<>
							{own.length === 0 ? (
								<p className="text-text-2" data-testid="rules-none">
									No rule yet. A rule deletes rows that are older than so many days, or fit a condition,
									archives them first if you like, and runs when you say so or by a schedule.
								</p>
							) : (
								<RuleTable
									rules={own}
									readOnly={connection.read_only}
									onEdit={setEditing}
									onRun={setRunning}
									onAgree={setAgreeing}
								/>
							)}
							{editing !== null && (
								<RuleForm
									connection={connection}
									rule={editing === "new" ? null : editing}
									taken={rules.map((each) => each.name)}
									onClose={() => setEditing(null)}
								/>
							)}
						</>
					);
				}}
			</Answered>
			{agreeing && <AgreeToRule request={requestOf(agreeing)} onClose={() => setAgreeing(null)} />}
			{running && <RunRule rule={running} onStarted={onStarted} onClose={() => setRunning(null)} />}
		</Panel>
	);
}

interface RuleTableProps {
	rules: readonly Rule[];
	readOnly: boolean;
	onEdit: (rule: Rule) => void;
	onRun: (rule: Rule) => void;
	onAgree: (rule: Rule) => void;
}

function RuleTable({ rules, readOnly, onEdit, onRun, onAgree }: RuleTableProps) {
	const { scheduleOf, show } = useSchedules();
	const remove = useAct("cleanup.remove", () =>
		sayDone("The rule is forgotten. What it has deleted stays in its archives."),
	);
	const columns: Column<Rule>[] = [
		...ruleColumns,
		{
			id: "next",
			title: "By itself",
			width: "92px",
			cell: (row) => {
				const known = scheduleOf(row);
				if (known === undefined) return <span className="text-text-3">no</span>;
				if (!known.enabled || known.next_run_ms == null) return <span className="text-text-3">off</span>;
				return <RelativeTime at={known.next_run_ms} />;
			},
		},
		{
			id: "actions",
			title: "",
			label: "Actions",
			width: "112px",
			right: true,
			cell: (row) => (
				<span className="flex items-center gap-1">
					<RunOrAgree rule={row} readOnly={readOnly} onRun={onRun} onAgree={onAgree} />
					<Menu label={`Actions for ${row.name}`} testId="rule-menu">
						<MenuItem onPick={() => show(row)} testId="rule-schedule">
							{scheduleOf(row) ? "Show its schedule" : "Schedule…"}
						</MenuItem>
						{!readOnly && <MenuItem onPick={() => onEdit(row)}>Change…</MenuItem>}
						<MenuLine />
						<MenuItem
							danger
							testId="rule-remove"
							about="what it has deleted stays in its archives"
							onPick={() => remove.mutate({ request: { rule: row.id } }, { onError: sayError })}
						>
							Remove
						</MenuItem>
					</Menu>
				</span>
			),
		},
	];
	return (
		<DataTable
			label="Clean-up rules"
			rows={rules}
			rowKey={(row) => row.id}
			rowTestId="cleanup-rule"
			rowHeight={44}
			maxHeight={260}
			columns={columns}
		/>
	);
}

/** A rule that waits is looked at before it runs. */
function RunOrAgree({
	rule,
	readOnly,
	onRun,
	onAgree,
}: Omit<RuleTableProps, "rules" | "onEdit"> & { rule: Rule }) {
	const { consent } = rule;
	if (consent?.kind === "waiting")
		return (
			<Button
				small
				tone="primary"
				disabled={readOnly}
				title={consent.why}
				aria-label={`Agree to ${rule.name}`}
				onClick={() => onAgree(rule)}
				data-testid="rule-agree"
			>
				Agree…
			</Button>
		);
	return (
		<Button
			small
			disabled={readOnly}
			aria-label={`Run ${rule.name}`}
			onClick={() => onRun(rule)}
			data-testid="rule-run"
		>
			Run…
		</Button>
	);
}

const ruleColumns: readonly Column<Rule>[] = [
	{
		id: "name",
		title: "Rule",
		width: "minmax(110px,1fr)",
		sort: (row) => row.name,
		cell: (row) => <Cut text={row.name} strong />,
	},
	{
		id: "rows",
		title: "Deletes",
		width: "minmax(170px,2fr)",
		sort: (row) => tableName(row.table),
		cell: (row) => (
			<span className="flex min-w-0 flex-col leading-[17px]">
				<Cut text={tableName(row.table)} mono />
				<span // An operator such as ->> is no arrow.
					className="truncate text-sm text-text-2 [font-variant-ligatures:none]"
					title={rowsText(row.rows)}
				>
					{rowsText(row.rows)}
				</span>
			</span>
		),
	},
	{
		id: "archive",
		title: "Archive",
		width: "112px",
		cell: (row) =>
			row.archive ? <Badge tone="ok">archived first</Badge> : <Badge tone="warn">no archive</Badge>,
	},
	{
		id: "batch",
		title: "At once",
		width: "76px",
		right: true,
		sort: (row) => row.batch_rows,
		cell: (row) => count(row.batch_rows),
	},
];

/** The schedule that runs a rule, and the way to it or to a new one. */
function useSchedules() {
	const navigate = useNavigate();
	const schedules = useRead("schedule.list", {});
	const scheduleOf = (rule: Rule) =>
		schedules.data?.schedules.find(
			(each) =>
				each.operation === "cleanup.run" &&
				[rule.id, rule.name].includes(String((each.request as Record<string, unknown>).rule)),
		);
	const show = (rule: Rule) => {
		const known = scheduleOf(rule);
		if (known) void navigate({ to: "/schedules", search: { schedule: known.id } });
		else void navigate({ to: "/schedules/new", search: { connection: rule.connection_id, rule: rule.id } });
	};
	return { scheduleOf, show };
}
