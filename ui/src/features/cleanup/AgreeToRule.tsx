// What a rule may do by itself, shown once more before it is kept.

import type { Request } from "@/api/client";
import { AgreeDialog } from "@/components/AgreeDialog";
import { Note } from "@/components/Panel";
import { sayDone } from "@/components/say";
import { RulePreview } from "./RulePreview";

interface AgreeToRuleProps {
	request: Request<"cleanup.set.plan">;
	onClose: () => void;
}

export function AgreeToRule({ request, onClose }: AgreeToRuleProps) {
	return (
		<AgreeDialog
			operation="cleanup.set.plan"
			request={request}
			title={`Keep the rule ${request.name}?`}
			action="Keep rule"
			onClose={onClose}
			onAgreed={(kept) => {
				sayDone(`The rule ${kept.name} is kept. Nothing is deleted until it runs.`);
				onClose();
			}}
		>
			{(plan) => (
				<>
					<RulePreview preview={plan.preview} />
					{!plan.rule.archive && (
						<Note tone="warn">
							This rule keeps no archive: what it deletes cannot be had back from Holdfast, unless an earlier
							backup holds it.
						</Note>
					)}
				</>
			)}
		</AgreeDialog>
	);
}
