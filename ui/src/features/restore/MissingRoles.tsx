// Roles and tablespaces of the backup that the target's server lacks, and the switch that has them made.

import type { Schema } from "@/api/client";
import { CheckField } from "@/components/Field";
import { Fact } from "@/components/Panel";
import { counted } from "@/lib/bytes";

interface MissingRolesProps {
	plan: Schema["RestorePlan"];
	/** Plan again, with or without them. */
	onGlobals: (globals: boolean) => void;
}

export function MissingRoles({ plan, onGlobals }: MissingRolesProps) {
	const { missing_roles = [], missing_tablespaces = [], existing_roles = [] } = plan.globals ?? {};
	if (missing_roles.length + missing_tablespaces.length === 0) return null;
	const missing = [
		missing_roles.length > 0 && counted(missing_roles.length, "role"),
		missing_tablespaces.length > 0 && counted(missing_tablespaces.length, "tablespace"),
	].filter(Boolean);
	return (
		<Fact name="Not on the server">
			<div className="flex flex-col gap-1.5" data-testid="missing-globals">
				<span>
					{missing.join(" and ")}:{" "}
					<code className="font-mono text-sm wrap-anywhere">
						{[...missing_roles, ...missing_tablespaces].join(", ")}
					</code>
				</span>
				<CheckField
					label="Create them first, with the passwords they had"
					hint={
						existing_roles.length > 0
							? `${counted(existing_roles.length, "role")} that the server has ${existing_roles.length === 1 ? "stays" : "stay"} as ${existing_roles.length === 1 ? "it is" : "they are"}.`
							: "Nothing that the server has is altered."
					}
					checked={plan.with_globals}
					onCheck={onGlobals}
					data-testid="restore-globals"
				/>
			</div>
		</Fact>
	);
}
