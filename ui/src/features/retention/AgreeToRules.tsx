// What rules may do by themselves to a database's backups, shown once more before they are kept.

import type { Request, Schema } from "@/api/client";
import { AgreeDialog } from "@/components/AgreeDialog";
import { sayDone } from "@/components/say";
import { Going } from "./Verdicts";

interface AgreeToRulesProps {
	connection: Schema["Connection"];
	request: Request<"retention.set.plan">;
	onClose: () => void;
}

export function AgreeToRules({ connection, request, onClose }: AgreeToRulesProps) {
	return (
		<AgreeDialog
			operation="retention.set.plan"
			request={request}
			title={`Keep backups of ${connection.name} by these rules?`}
			action="Save rules"
			onClose={onClose}
			onAgreed={() => {
				sayDone(request.inherit ? "The rules of the group hold from now on." : "The rules are saved.");
				onClose();
			}}
		>
			{(plan) =>
				plan.going.length === 0 ? (
					<p className="text-text-2">Nothing would go now.</p>
				) : (
					<Going backups={plan.going} />
				)
			}
		</AgreeDialog>
	);
}
