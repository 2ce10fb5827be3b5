// The sessions that are kept open for one connection: what they do now, and limits of its own.

import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { CheckField } from "@/components/Field";
import { Panel } from "@/components/Panel";
import { PoolFields } from "@/components/PoolFields";
import { Answered } from "@/components/States";
import { sayError } from "@/components/say";
import { counted } from "@/lib/bytes";
import { operationName } from "@/lib/text";

export function PoolPanel({ connection }: { connection: Schema["Connection"] }) {
	// No event tells of a session that is taken or given back.
	const status = useRead("pool.status", { connection: connection.id }, { refetchInterval: 5_000 });
	const update = useAct("connection.update");
	const own = connection.pool != null;
	const keep = (change: Partial<Schema["ConnectionUpdateRequest"]>) =>
		update.mutate({ request: { id: connection.id, ...change } }, { onError: sayError });
	return (
		<Panel className="mt-3 max-w-[760px]" title="Sessions kept open">
			<Answered question={status} rows={2}>
				{({ pools: [pool] }) =>
					pool && (
						<div className="flex flex-col gap-3" data-testid="pool">
							<p className="text-text-2" data-testid="pool-use">
								{inUse(pool)}
							</p>
							<CheckField
								label="Limits of its own"
								hint="Otherwise those of the settings hold. Backups and restores open sessions of their own beside these."
								checked={own}
								onCheck={(wanted) => keep(wanted ? { pool: pool.settings } : { default_pool: true })}
								data-testid="pool-own"
							/>
							<PoolFields pool={pool.settings} onPool={(limits) => keep({ pool: limits })} disabled={!own} />
						</div>
					)
				}
			</Answered>
		</Panel>
	);
}

function inUse({ open, idle, waiting, in_use }: Schema["PoolStatus"]): string {
	if (open === 0) return "None is open now.";
	const uses = in_use.map(({ operation }) => operationName(operation));
	const doing = uses.length === 0 ? "" : `, in use by ${uses.join(", ")}`;
	const queue = waiting === 0 ? "" : `; ${counted(waiting, "use waits", "uses wait")} for one`;
	return `${counted(open, "session is", "sessions are")} open, ${idle} unused${doing}${queue}.`;
}
