import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck } from "lucide-react";
import type { Schema } from "@/api/client";
import { useAct } from "@/api/queries";
import { Button } from "@/components/Button";
import { RelativeTime } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { sayError } from "@/components/say";
import { bytes, counted } from "@/lib/bytes";
import { shortId } from "@/lib/text";
import { duration } from "@/lib/time";

export function LastCheck({ check }: { check: Schema["CheckSummary"] | null }) {
	const start = useAct("vault.check");
	const run = (level: Schema["Level"]) => start.mutate({ request: { level } }, { onError: sayError });
	return (
		<Panel
			title="Is it whole?"
			aside={
				<>
					<Button
						small
						disabled={start.isPending}
						onClick={() => run("stored")}
						title="All objects present, hashes of the sealed bytes match"
						data-testid="check-stored"
					>
						Check objects
					</Button>
					<Button
						small
						disabled={start.isPending}
						onClick={() => run("decoded")}
						title="Decrypt and decompress every chunk, compare content hashes"
						data-testid="check-decoded"
					>
						Check content
					</Button>
				</>
			}
		>
			{check === null ? (
				<p className="text-text-2">
					Never checked as a whole. Objects takes moments; content reads and decodes everything.
				</p>
			) : (
				<Found check={check} />
			)}
		</Panel>
	);
}

function Found({ check }: { check: Schema["CheckSummary"] }) {
	return (
		<>
			<p className="flex flex-wrap items-center gap-x-1.5">
				{check.problems.length === 0 ? (
					<CircleCheck aria-hidden className="size-4 text-ok" />
				) : (
					<CircleAlert aria-hidden className="size-4 text-bad" />
				)}
				<strong
					className={
						check.problems.length === 0 ? "min-w-fit font-medium text-ok" : "min-w-fit font-medium text-bad"
					}
				>
					{check.problems.length === 0
						? check.level === "stored"
							? "All objects are there"
							: "All content decodes"
						: counted(check.problems.length, "problem")}
				</strong>
				<span className="text-text-2">
					<RelativeTime at={check.at_ms} /> · {counted(check.objects, "object")}, {bytes(check.bytes)} in{" "}
					{duration(check.duration_ms)}
				</span>
			</p>
			{check.level === "stored" && check.problems.length === 0 && (
				<p className="mt-1 text-sm text-text-2">Their content was not decoded by this check.</p>
			)}
			<Problems problems={check.problems} />
		</>
	);
}

function Problems({ problems }: { problems: Schema["CheckSummary"]["problems"] }) {
	return (
		<ul className="mt-1.5 flex flex-col gap-1.5">
			{problems.map((problem) => (
				<li key={problem.object + problem.what} className="wrap-anywhere">
					<code className="font-mono text-sm">{problem.object}</code>: {problem.what}
					{problem.backups.length > 0 && (
						<span className="text-text-2">
							{" "}
							Needed by{" "}
							{problem.backups.slice(0, 6).map((id, at) => (
								<span key={id}>
									{at > 0 && ", "}
									<Link
										to="/backups/$backupId"
										params={{ backupId: id }}
										className="rounded-sm font-mono text-sm underline underline-offset-2"
									>
										{shortId(id)}
									</Link>
								</span>
							))}
							{problem.backups.length > 6 && ` and ${problem.backups.length - 6} more`}.
						</span>
					)}
				</li>
			))}
		</ul>
	);
}
