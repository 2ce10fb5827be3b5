// Whose rules hold for a database that is in a group, and the way from one to the other.

import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useAct, useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { sayDone, sayError } from "@/components/say";

interface OfGroupProps {
	connection: Schema["Connection"];
	set: Schema["Retention"];
}

/** Nothing for a database in no group. */
export function OfGroup({ connection, set }: OfGroupProps) {
	const groups = useRead("retention.group.list", {}, { staleTime: 0 });
	const inherit = useAct("retention.set", () => sayDone("The rules of the group hold from now on."));
	const { group } = connection;
	if (group == null || groups.data === undefined) return null;
	const link = (
		<Link
			to="/groups/$group"
			params={{ group }}
			className="rounded-sm font-medium text-accent hover:underline"
			data-testid="group-open"
		>
			{group}
		</Link>
	);
	if (set.of_group != null)
		return (
			<p className="text-sm" data-testid="retention-of-group">
				Rules of the group {link}. Saving gives {connection.name} its own.
			</p>
		);
	if (!groups.data.groups.some((each) => each.group === group))
		return <p className="text-sm text-text-2">Rules for all databases of {link} can be set together.</p>;
	return (
		<div className="flex items-center gap-2 text-sm">
			<p className="min-w-0">Its own rules go before those of the group {link}.</p>
			<Button
				small
				className="ml-auto"
				busy={inherit.isPending}
				data-testid="retention-inherit"
				onClick={() =>
					inherit.mutate(
						{ request: { connection: connection.id, rules: {}, inherit: true } },
						{ onError: sayError },
					)
				}
			>
				Use the group's
			</Button>
		</div>
	);
}
