// A plan on a page: what stands in the way, what will happen, and the agreement to it. The same for everything that is
// planned first and then applied, so that nothing can be started past a blocker or without the typed name.

import { OctagonX, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { CallError, Confirmation } from "@/api/client";
import { count } from "@/lib/bytes";
import { Button } from "./Button";
import { nameAgrees, TypedName } from "./ConfirmationDialog";
import { ErrorState } from "./States";

interface PlanFormProps {
	plan: {
		digest: string;
		confirm_name?: string | null;
		blockers: readonly string[];
		warnings: readonly string[];
	};
	/** Over the warnings. */
	warned: string;
	/** What the button does. */
	action: string;
	actionTestId: string;
	busy: boolean;
	error: CallError | null;
	onBack: () => void;
	/** Plan again, because something has moved. */
	onAgain: () => void;
	onApply: (confirmation: Confirmation) => void;
	testId?: string;
	children: ReactNode;
}

export function PlanForm(props: PlanFormProps) {
	const { plan, warned, action, actionTestId, busy, error, onBack, onAgain, onApply, testId, children } =
		props;
	const [typed, setTyped] = useState("");
	const blocked = plan.blockers.length > 0;
	const name = plan.confirm_name ?? null;
	const agreed = !blocked && nameAgrees(name, typed);
	return (
		<form
			className="flex flex-col gap-3.5"
			data-testid={testId}
			onSubmit={(event) => {
				event.preventDefault();
				if (agreed) onApply(name === null ? { digest: plan.digest } : { digest: plan.digest, name: typed });
			}}
		>
			{blocked && (
				<div
					role="alert"
					className="rounded-lg border border-bad/40 bg-bad-soft px-4 py-2.5"
					data-testid="blockers"
				>
					<p className="flex items-center gap-1.5 font-medium text-bad">
						<OctagonX aria-hidden className="size-4" />
						{plan.blockers.length === 1
							? "This stands in the way"
							: `${count(plan.blockers.length)} things stand in the way`}
					</p>
					<Lines lines={plan.blockers} />
				</div>
			)}
			{children}
			{plan.warnings.length > 0 && (
				<div className="rounded-lg border border-warn/35 bg-warn-soft px-4 py-2.5">
					<p className="flex items-center gap-1.5 font-medium text-warn">
						<TriangleAlert aria-hidden className="size-3.5" />
						{warned}
					</p>
					<Lines lines={plan.warnings} />
				</div>
			)}
			{error && (
				<ErrorState
					error={error}
					action={
						error.code === "plan_moved" ? (
							<Button small onClick={onAgain}>
								Look again
							</Button>
						) : undefined
					}
				/>
			)}
			<div className="flex flex-wrap items-center gap-x-3 gap-y-2">
				{name !== null && !blocked && <TypedName name={name} typed={typed} onType={setTyped} />}
				<div className="ml-auto flex gap-2">
					{blocked && (
						<Button onClick={onAgain} disabled={busy}>
							Look again
						</Button>
					)}
					<Button onClick={onBack} disabled={busy}>
						Back
					</Button>
					<Button tone="primary" type="submit" disabled={!agreed} busy={busy} data-testid={actionTestId}>
						{action}
					</Button>
				</div>
			</div>
		</form>
	);
}

function Lines({ lines }: { lines: readonly string[] }) {
	return (
		<ul className="mt-1 flex flex-col gap-0.5">
			{lines.map((line) => (
				<li key={line} className="wrap-anywhere">
					{line}
				</li>
			))}
		</ul>
	);
}

/** What a plan does, in order. */
export function PlanSteps({ steps }: { steps: readonly string[] }) {
	return (
		<ol className="flex list-decimal flex-col gap-0.5 pl-4">
			{steps.map((step) => (
				<li key={step} className="wrap-anywhere">
					{step}
				</li>
			))}
		</ol>
	);
}

/** A name as the server or the file system has it. */
export function Name({ text }: { text: string }) {
	return <code className="font-mono text-sm wrap-anywhere">{text}</code>;
}
