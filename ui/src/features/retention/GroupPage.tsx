// Retention rules of a group: they hold for its databases that have none of their own. Before anything is saved the page
// shows what they would do to each.

import { useDeferredValue, useState } from "react";
import type { Request, Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { AgreeDialog } from "@/components/AgreeDialog";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Answered } from "@/components/States";
import { sayDone } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { Members } from "./Members";
import { NothingRuns } from "./NothingRuns";
import { RulesFields } from "./RulesFields";
import { RunGroup } from "./RunGroup";
import { useRulesDraft } from "./rulesDraft";

export function GroupPage({ group }: { group: string }) {
	const question = useRead("retention.group.list", {}, { staleTime: 0 });
	return (
		<Page title={group} beside={<span className="text-text-2">retention of the group</span>}>
			<Answered question={question} rows={5}>
				{({ groups }) => {
					const set = groups.find((each) => each.group === group) ?? null;
					return <Rules key={JSON.stringify(set)} group={group} set={set} />;
				}}
			</Answered>
		</Page>
	);
}

function Rules({ group, set }: { group: string; set: Schema["GroupRetention"] | null }) {
	const draft = useRulesDraft(set ?? { rules: {}, zone: "UTC" });
	const { rules, zone, bad, changed, none } = draft;
	const tried = useDeferredValue(JSON.stringify({ rules, zone }));
	const preview = useRead(
		"retention.group.preview",
		{ group, ...(JSON.parse(tried) as { rules: Schema["RetentionRules"]; zone: string }) },
		{ enabled: bad.length === 0, staleTime: 0 },
	);
	const [agreeing, setAgreeing] = useState<Request<"retention.group.set.plan"> | null>(null);
	return (
		<div className="grid items-start gap-3 xl:grid-cols-[330px_minmax(0,1fr)] xl:gap-4">
			<form
				onSubmit={(event) => {
					event.preventDefault();
					if (changed && bad.length === 0) setAgreeing({ group, rules, zone });
				}}
			>
				<Panel title="What stays">
					<div className="flex flex-col gap-2.5">
						<p className="text-sm text-text-2">
							For every database of the group that has no rules of its own. A backup stays when any rule wants
							it. Empty: no such rule.
						</p>
						<RulesFields draft={draft} />
						<div className="flex justify-end gap-2">
							{set !== null && (
								<Button
									tone="danger"
									onClick={() => setAgreeing({ group, rules: null })}
									data-testid="group-forget"
								>
									Forget rules…
								</Button>
							)}
							<Button
								tone="primary"
								type="submit"
								disabled={!changed || bad.length > 0}
								data-testid="group-save"
							>
								Save rules…
							</Button>
						</div>
					</div>
				</Panel>
			</form>
			<div className="flex min-w-0 flex-col gap-3">
				{set !== null && !none && !changed && <NothingRuns group={group} />}
				<Answered question={preview} rows={4}>
					{({ members }) => <WouldGo group={group} members={members} changed={changed} />}
				</Answered>
			</div>
			{agreeing && <AgreeToGroup request={agreeing} onClose={() => setAgreeing(null)} />}
		</div>
	);
}

interface AgreeToGroupProps {
	request: Request<"retention.group.set.plan">;
	onClose: () => void;
}

/** What the rules may do to each member by themselves, shown once more before they are kept. */
function AgreeToGroup({ request, onClose }: AgreeToGroupProps) {
	const forgets = request.rules == null;
	return (
		<AgreeDialog
			operation="retention.group.set.plan"
			request={request}
			title={
				forgets ? `Forget the rules of ${request.group}?` : `Keep backups of ${request.group} by these rules?`
			}
			action={forgets ? "Forget rules" : "Save rules"}
			onClose={onClose}
			onAgreed={() => {
				sayDone(forgets ? "The group has no rules any more." : "The rules of the group are saved.");
				onClose();
			}}
		>
			{(plan) => <Members members={plan.members} />}
		</AgreeDialog>
	);
}

interface WouldGoProps {
	group: string;
	members: readonly Schema["GroupMember"][];
	/** The rules that are shown are not saved yet. */
	changed: boolean;
}

function WouldGo({ group, members, changed }: WouldGoProps) {
	const [running, setRunning] = useState(false);
	const going = members.flatMap((each) => each.going);
	const freed = members.reduce((sum, each) => sum + each.frees_bytes, 0);
	return (
		<>
			<Panel
				title={changed ? "With these rules" : "Now"}
				aside={
					<Button
						tone="danger"
						disabled={changed || going.length === 0}
						title={changed ? "Save the rules first" : undefined}
						onClick={() => setRunning(true)}
						data-testid="group-run"
					>
						Delete {going.length > 0 ? counted(going.length, "backup") : "them"}…
					</Button>
				}
			>
				<p data-testid="group-summary">
					{going.length === 0
						? "Nothing goes."
						: `${counted(going.length, "backup")} of ${counted(members.filter((each) => each.going.length > 0).length, "database")} would go.`}{" "}
					{going.length > 0 && (
						<span className="text-text-2">They added {bytes(freed)}; what others share stays.</span>
					)}
				</p>
			</Panel>
			<Members members={members} />
			{running && <RunGroup group={group} members={members} onClose={() => setRunning(false)} />}
		</>
	);
}
