// Whose rules hold for a database that is in a group, and the way from one to the other.

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useRead } from "@/api/queries";
import { Button } from "@/components/Button";
import { AgreeToRules } from "./AgreeToRules";

interface OfGroupProps {
	connection: Schema["Connection"];
	set: Schema["Retention"];
}

/** Nothing for a database in no group. */
export function OfGroup({ connection, set }: OfGroupProps) {
	const groups = useRead("retention.group.list", {}, { staleTime: 0 });
	const [agreeing, setAgreeing] = useState(false);
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
			<Button small className="ml-auto" data-testid="retention-inherit" onClick={() => setAgreeing(true)}>
				Use the group's…
			</Button>
			{agreeing && (
				<AgreeToRules
					connection={connection}
					request={{ connection: connection.id, rules: {}, inherit: true }}
					onClose={() => setAgreeing(false)}
				/>
			)}
		</div>
	);
}
