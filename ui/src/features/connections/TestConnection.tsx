// The test takes the path the real work takes, and says which step failed, with the server's own code.

import { Check, Minus, TriangleAlert, X } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Schema } from "@/api/client";
import { classes } from "@/components/classes";
import { ErrorState } from "@/components/States";
import { bytes } from "@/lib/bytes";
import { serverName } from "@/lib/text";

const steps = [
	"Find the server",
	"Reach it",
	"Encrypt",
	"Sign in",
	"Open the database",
	"Check the version",
] as const;

/** Where on the way each error stops. */
const stopsAt: Partial<Record<Schema["ErrorCode"], number>> = {
	connection_name_resolution: 0,
	connection_refused: 1,
	connection_timed_out: 1,
	connection_lost: 1,
	tls_failed: 2,
	authentication_failed: 3,
	permission_denied: 4,
	database_missing: 4,
	not_a_database: 4,
	database_encrypted: 4,
	database_damaged: 4,
	database_busy: 4,
	version_unsupported: 5,
};

export function TestResult({
	result,
	offers,
}: {
	result: Schema["ConnectionTestResponse"];
	/** Of the kind of database. */
	offers: Schema["Offers"];
}) {
	const box = useRef<HTMLDivElement>(null);
	// The form is long: an answer below the fold would look like none.
	useEffect(() => {
		if (result) box.current?.scrollIntoView?.({ block: "nearest" });
	}, [result]);
	const stop = result.error == null ? steps.length : (stopsAt[result.error.code] ?? null);
	return (
		<div
			ref={box}
			className="flex scroll-mb-16 flex-col gap-2.5"
			data-testid="connection-test-result"
			data-ok={result.ok}
		>
			{offers.address.by === "server" && stop !== null && (
				<ol className="flex flex-wrap gap-x-4 gap-y-1">
					{steps.map((step, at) => (
						<li
							key={step}
							className={classes(
								"inline-flex items-center gap-1",
								at < stop ? "text-ok" : at === stop ? "font-medium text-bad" : "text-text-3",
							)}
						>
							{at < stop ? (
								<Check aria-label="done:" className="size-3.5" />
							) : at === stop ? (
								<X aria-label="failed:" className="size-3.5" />
							) : (
								<Minus aria-label="not reached:" className="size-3.5" />
							)}
							{step}
						</li>
					))}
				</ol>
			)}
			{result.error && <ErrorState error={result.error} compact />}
			{result.ok && result.server && (
				<p className="flex flex-wrap items-center gap-x-1.5">
					<Check aria-hidden className="size-4 text-ok" />
					<strong className="font-medium text-ok">It works.</strong>
					<span className="text-text-2">
						{[
							serverName(result.server),
							result.server.transport,
							result.server.size_bytes != null && bytes(result.server.size_bytes),
							result.latency_ms != null && `${result.latency_ms} ms there and back`,
						]
							.filter(Boolean)
							.join(" · ")}
					</span>
				</p>
			)}
			{result.warnings.map((warning) => (
				<p key={warning} className="flex items-start gap-1.5 text-warn">
					<TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
					{warning}
				</p>
			))}
		</div>
	);
}
