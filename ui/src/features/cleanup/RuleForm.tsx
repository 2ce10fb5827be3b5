// A rule, made or changed. What it would delete is counted while it is written, before anything is kept.

import { useState } from "react";
import type { Request, Schema } from "@/api/client";
import { Button } from "@/components/Button";
import { Modal } from "@/components/Modal";
import { Panel } from "@/components/Panel";
import { Answered, LoadingRows } from "@/components/States";
import { count, counted } from "@/lib/bytes";
import { AgreeToRule } from "./AgreeToRule";
import { useLivePreview } from "./livePreview";
import { RuleFields } from "./RuleFields";
import { RulePreview } from "./RulePreview";
import { draftOf, type RuleDraft, requestFrom } from "./ruleDraft";

interface RuleFormProps {
	connection: Schema["Connection"];
	/** To change; null: a new one. */
	rule: Schema["CleanupRule"] | null;
	/** Names that other rules have. */
	taken: readonly string[];
	onClose: () => void;
}

export function RuleForm({ connection, rule, taken, onClose }: RuleFormProps) {
	const [draft, setDraft] = useState<RuleDraft>(() => draftOf(rule));
	const set = (change: Partial<RuleDraft>) => setDraft((old) => ({ ...old, ...change }));
	const [agreeing, setAgreeing] = useState<Request<"cleanup.set.plan"> | null>(null);
	const request = requestFrom(draft, connection.id);
	const preview = useLivePreview(request);
	const name = draft.name.trim();
	const doubled = rule === null && taken.includes(name);
	if (agreeing !== null) return <AgreeToRule request={agreeing} onClose={onClose} />;
	return (
		<Modal
			title={rule === null ? `Add a clean-up rule for ${connection.name}` : `Change ${rule.name}`}
			about="A rule deletes old rows of one table, whenever it runs: when you say so, or by a schedule."
			open
			wide
			onClose={onClose}
			testId="rule-form"
			footer={
				<>
					{/* The preview may be below the fold: its number never is. */}
					<p className="mr-auto min-w-0 truncate text-text-2" data-testid="rule-outcome">
						{preview.answer &&
							`${count(preview.answer.matching)} of ${counted(preview.answer.total, "row")} now`}
					</p>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone="primary"
						disabled={request === null || name === "" || doubled}
						data-testid="rule-save"
						onClick={() => setAgreeing(request)}
					>
						{rule === null ? "Keep rule…" : "Save…"}
					</Button>
				</>
			}
		>
			<div className="flex flex-col gap-3 pb-2">
				<RuleFields connection={connection} rule={rule} draft={draft} onDraft={set} doubled={doubled} />
				<LivePreview unready={request === null} preview={preview} />
			</div>
		</Modal>
	);
}

interface LivePreviewProps {
	/** The form does not say yet what is to go. */
	unready: boolean;
	preview: ReturnType<typeof useLivePreview>;
}

function LivePreview({ unready, preview }: LivePreviewProps) {
	return (
		<Panel title="What it would do now">
			<div aria-live="polite" aria-busy={preview.waiting}>
				{unready ? (
					<p className="text-text-2">Choose the table and the rows to see how many would go.</p>
				) : preview.waiting ? (
					<LoadingRows rows={1} />
				) : (
					<Answered question={preview.question} rows={1}>
						{(data) => <RulePreview preview={data} />}
					</Answered>
				)}
			</div>
		</Panel>
	);
}
