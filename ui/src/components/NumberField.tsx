// A whole number that is kept as soon as it is right.

import { useState } from "react";
import { TextField } from "./Field";

interface NumberFieldProps {
	label: string;
	hint?: string;
	value: number;
	least: number;
	most: number;
	className?: string;
	disabled?: boolean;
	onSave: (value: number) => void;
}

/** Saved when the field is left or Enter is pressed; what is out of range is said and not saved. */
export function NumberField({
	label,
	hint,
	value,
	least,
	most,
	className,
	disabled,
	onSave,
}: NumberFieldProps) {
	const [text, setText] = useState<string | null>(null);
	const shown = text ?? String(value);
	const number = Number(shown);
	const good = /^\d+$/.test(shown) && number >= least && number <= most;
	const save = () => {
		if (text === null || !good) return;
		if (number !== value) onSave(number);
		setText(null);
	};
	return (
		<TextField
			className={className}
			disabled={disabled}
			label={label}
			inputMode="numeric"
			value={shown}
			onText={setText}
			onBlur={save}
			onKeyDown={(event) => event.key === "Enter" && save()}
			hint={hint}
			error={good ? null : `A whole number from ${least} to ${most}.`}
		/>
	);
}
