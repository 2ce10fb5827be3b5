// What acts by itself is agreed to before: the rule is shown in numbers as it would act now, and kept with who agreed. The
// same dialog for every kind of rule, so that none is kept past it.

import type { ReactNode } from "react";
import type { OperationName, Request, Response } from "@/api/client";
import { useAct } from "@/api/queries";
import { ConfirmationDialog } from "./ConfirmationDialog";
import { PlanGate } from "./PlanGate";

/** A rule's plan, and what keeps it. */
type Agreement = {
	[K in OperationName]: K extends `${infer Rule}.plan`
		? `${Rule}.apply` extends OperationName
			? K
			: never
		: never;
}[OperationName];

type Kept<K extends Agreement> = K extends `${infer Rule}.plan`
	? Extract<OperationName, `${Rule}.apply`>
	: never;

/** What every such plan shows. */
interface Shown {
	plan_id: string;
	digest: string;
	summary: string;
	confirm_name?: string | null;
	blockers?: readonly string[];
}

interface AgreeDialogProps<K extends Agreement> {
	operation: K;
	request: Request<K>;
	title: string;
	/** What the button does: "Keep rule". */
	action: string;
	onAgreed: (answer: Response<Kept<K>>) => void;
	onClose: () => void;
	children?: (plan: Response<K>) => ReactNode;
}

export function AgreeDialog<K extends Agreement>(props: AgreeDialogProps<K>) {
	const { operation, request, title, action, onAgreed, onClose, children } = props;
	const keep = useAct(operation.replace(/\.plan$/, ".apply") as Kept<K>, onAgreed);
	return (
		<PlanGate operation={operation} request={request} title={title} onClose={onClose}>
			{(plan) => {
				const shown = plan as unknown as Shown;
				const blockers = shown.blockers ?? [];
				return (
					<ConfirmationDialog
						title={title}
						about={shown.summary}
						action={action}
						digest={shown.digest}
						confirmName={blockers.length > 0 ? null : shown.confirm_name}
						deletes={false}
						blocked={blockers.length > 0}
						busy={keep.isPending}
						error={keep.error}
						wide
						onClose={onClose}
						onConfirm={(confirmation) =>
							keep.mutate({
								request: { plan_id: shown.plan_id } as Request<Kept<K>>,
								confirmation,
							})
						}
					>
						{blockers.map((each) => (
							<p key={each} role="alert" className="text-bad wrap-anywhere">
								{each}
							</p>
						))}
						{children?.(plan)}
					</ConfirmationDialog>
				);
			}}
		</PlanGate>
	);
}
