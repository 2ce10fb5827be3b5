// Whether a rule may act by itself: who agreed and when, or that it waits and what to do about it.

import { Hourglass } from "lucide-react";
import type { Schema } from "@/api/client";
import { Button } from "./Button";
import { RelativeTime } from "./Moment";

interface ConsentNoteProps {
	consent: Schema["ConsentState"] | null | undefined;
	/** One run at most: "20,000 rows". */
	most?: (most: number) => string;
	onAgree?: () => void;
}

export function ConsentNote({ consent, most, onAgree }: ConsentNoteProps) {
	if (consent == null) return null;
	if (consent.kind === "given")
		return (
			<p className="text-sm text-text-2" data-testid="consent-given">
				Agreed to <RelativeTime at={consent.at_ms} />
				{most && `; one run takes ${most(consent.most)} at most`}.
			</p>
		);
	return (
		<div
			role="status"
			className="flex flex-wrap items-center gap-2 rounded-lg border border-warn/35 bg-warn-soft px-3 py-1.5"
			data-testid="consent-waiting"
		>
			<Hourglass aria-hidden className="size-3.5 shrink-0 text-warn" />
			<span className="min-w-0 flex-1 wrap-anywhere">{consent.why}</span>
			{onAgree && (
				<Button small onClick={onAgree} data-testid="consent-agree">
					Look and agree…
				</Button>
			)}
		</div>
	);
}
