// Shows what will happen, in numbers, before it happens. For the worst, the target's name is typed exactly; there is
// no trimming and no ignoring of case, because the core does not do it either.

import { type ReactNode, useId, useState } from "react";
import type { CallError, Confirmation } from "@/api/client";
import { Button } from "./Button";
import { Modal } from "./Modal";
import { ErrorState } from "./States";

interface ConfirmationDialogProps {
	title: string;
	about?: ReactNode;
	/** What the button does: "Delete backup". */
	action: string;
	/** Of the plan, when the operation has one. */
	digest?: string;
	/** A name to type, when the plan asks for one. */
	confirmName?: string | null;
	/** False when all can be had back: the button is not red then. */
	deletes?: boolean;
	/** Reasons why it cannot be done now. */
	blocked?: boolean;
	busy?: boolean;
	error?: CallError | null;
	wide?: boolean;
	onConfirm: (confirmation: Confirmation) => void;
	onClose: () => void;
	children: ReactNode;
}

export function ConfirmationDialog(props: ConfirmationDialogProps) {
	const {
		title,
		about,
		action,
		digest,
		confirmName,
		deletes = true,
		blocked,
		busy,
		error,
		wide,
		onConfirm,
		onClose,
		children,
	} = props;
	const [typed, setTyped] = useState("");
	const form = useId();
	const agreed = !blocked && nameAgrees(confirmName, typed);
	return (
		<Modal
			title={title}
			about={about}
			open
			onClose={onClose}
			wide={wide}
			testId="plan-dialog"
			footer={
				<>
					<Button onClick={onClose}>Cancel</Button>
					<Button
						tone={deletes ? "danger-solid" : "primary"}
						type="submit"
						form={form}
						disabled={!agreed}
						busy={busy}
						data-testid="apply"
					>
						{action}
					</Button>
				</>
			}
		>
			<form
				id={form}
				className="flex flex-col gap-3 pb-2"
				onSubmit={(event) => {
					event.preventDefault();
					if (agreed) onConfirm(confirmName == null ? { digest } : { digest, name: typed });
				}}
			>
				{children}
				{confirmName != null && <TypedName name={confirmName} typed={typed} onType={setTyped} />}
				{error && <ErrorState error={error} compact />}
			</form>
		</Modal>
	);
}

export function nameAgrees(wanted: string | null | undefined, typed: string): boolean {
	return wanted == null || typed === wanted;
}

export function TypedName({
	name,
	typed,
	onType,
}: {
	name: string;
	typed: string;
	onType: (text: string) => void;
}) {
	const id = useId();
	return (
		<div className="flex flex-wrap items-center gap-x-2 gap-y-1">
			<label htmlFor={id}>
				Type <strong className="font-semibold select-all wrap-anywhere">{name}</strong> to go on
			</label>
			<input
				id={id}
				data-testid="typed-name"
				value={typed}
				autoComplete="off"
				autoCorrect="off"
				autoCapitalize="off"
				spellCheck={false}
				className="h-7 w-52 rounded-md border border-line-strong/60 bg-raised px-2.5"
				onChange={(event) => onType(event.target.value)}
			/>
		</div>
	);
}
