// A passphrase typed twice, with an honest hint of its strength.

import { useState } from "react";
import { strength } from "@/lib/passphrase";
import { classes } from "./classes";
import { PasswordField, ShowButton } from "./Field";

interface NewPassphraseProps {
	first: string;
	second: string;
	onFirst: (text: string) => void;
	onSecond: (text: string) => void;
	autoFocus?: boolean;
}

export function passphraseReady(first: string, second: string): boolean {
	return first.length > 0 && first === second;
}

export function NewPassphrase({ first, second, onFirst, onSecond, autoFocus }: NewPassphraseProps) {
	// One button, after both fields: whoever types on without the mouse goes from one field into the other.
	const [shown, setShown] = useState(false);
	const judged = strength(first);
	const differs = second !== "" && !first.startsWith(second) && first !== second;
	return (
		<div className="grid gap-3 sm:grid-cols-2">
			<div className="flex min-w-0 flex-col gap-1.5">
				<PasswordField
					label="Passphrase"
					shown={shown}
					value={first}
					onText={onFirst}
					data-testid="passphrase"
					autoFocus={autoFocus}
					autoComplete="new-password"
				/>
				<div className="flex items-center gap-2 text-sm text-text-2" role="status">
					<span aria-hidden className="flex w-20 shrink-0 gap-1">
						{[1, 2, 3, 4].map((step) => (
							<span
								key={step}
								className={classes(
									"h-1 flex-1 rounded-full",
									step > judged.score
										? "bg-line"
										: judged.score <= 1
											? "bg-bad"
											: judged.score === 2
												? "bg-warn"
												: "bg-ok",
								)}
							/>
						))}
					</span>
					<span>
						{judged.words && <strong className="font-medium text-text">{judged.words}. </strong>}
						{judged.advice}
					</span>
				</div>
			</div>
			<div className="flex min-w-0 items-start gap-1.5">
				<PasswordField
					className="flex-1"
					label="Passphrase again"
					shown={shown}
					value={second}
					onText={onSecond}
					data-testid="passphrase-again"
					autoComplete="new-password"
					error={differs ? "The two differ." : null}
				/>
				<span className="mt-[23px]">
					<ShowButton what="passphrase" shown={shown} onShown={setShown} />
				</span>
			</div>
		</div>
	);
}
