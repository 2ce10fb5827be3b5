// Form parts: every control has a visible label, an optional explanation and its own error.

import { Eye, EyeOff } from "lucide-react";
import {
	type InputHTMLAttributes,
	type ReactNode,
	type Ref,
	type SelectHTMLAttributes,
	type TextareaHTMLAttributes,
	useId,
	useState,
} from "react";
import { IconButton } from "./Button";
import { classes } from "./classes";

const box =
	"w-full rounded-md border border-line-strong/60 bg-raised px-2.5 text-text transition-colors hover:border-line-strong disabled:opacity-60 aria-invalid:border-bad";

interface Shared {
	label: string;
	hint?: ReactNode;
	error?: string | null;
	/** Beside the control, inside the row. */
	after?: ReactNode;
	hideLabel?: boolean;
}

interface FrameProps extends Shared {
	id: string;
	className?: string;
	children: ReactNode;
}

function Frame({ id, label, hint, error, after, hideLabel, className, children }: FrameProps) {
	return (
		<div className={classes("flex min-w-0 flex-col gap-1", className)}>
			<label htmlFor={id} className={classes("font-medium text-sm text-text-2", hideLabel && "sr-only")}>
				{label}
			</label>
			<div className="flex items-center gap-1.5">
				{children}
				{after}
			</div>
			{(hint || error) && (
				<div id={`${id}-about`} className={classes("text-sm", error ? "text-bad" : "text-text-2")}>
					{error ?? hint}
				</div>
			)}
		</div>
	);
}

interface TextFieldProps extends Shared, Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> {
	onText: (text: string) => void;
	mono?: boolean;
	ref?: Ref<HTMLInputElement>;
}

export function TextField({
	label,
	hint,
	error,
	after,
	hideLabel,
	onText,
	mono,
	className,
	...rest
}: TextFieldProps) {
	const id = useId();
	return (
		<Frame {...{ id, label, hint, error, after, hideLabel, className }}>
			<input
				id={id}
				className={classes(box, "h-7", mono && "font-mono text-sm")}
				aria-invalid={error ? true : undefined}
				aria-describedby={hint || error ? `${id}-about` : undefined}
				autoComplete="off"
				autoCorrect="off"
				autoCapitalize="off"
				spellCheck={false}
				onChange={(event) => onText(event.target.value)}
				{...rest}
			/>
		</Frame>
	);
}

interface PasswordFieldProps extends Omit<TextFieldProps, "type" | "after"> {
	/** Given: whoever uses the field shows its text and has the button for it. */
	shown?: boolean;
}

export function PasswordField({ shown, ...props }: PasswordFieldProps) {
	const [own, setOwn] = useState(false);
	const readable = shown ?? own;
	return (
		<TextField
			{...props}
			type={readable ? "text" : "password"}
			after={
				shown === undefined && <ShowButton what={props.label.toLowerCase()} shown={own} onShown={setOwn} />
			}
		/>
	);
}

interface ShowButtonProps {
	what: string;
	shown: boolean;
	onShown: (shown: boolean) => void;
}

export function ShowButton({ what, shown, onShown }: ShowButtonProps) {
	return (
		<IconButton
			label={`${shown ? "Hide" : "Show"} ${what}`}
			aria-pressed={shown}
			onClick={() => onShown(!shown)}
		>
			{shown ? <EyeOff /> : <Eye />}
		</IconButton>
	);
}

interface TextAreaProps extends Shared, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "onChange"> {
	onText: (text: string) => void;
	mono?: boolean;
}

export function TextArea({
	label,
	hint,
	error,
	after,
	hideLabel,
	onText,
	mono,
	className,
	...rest
}: TextAreaProps) {
	const id = useId();
	return (
		<Frame {...{ id, label, hint, error, after, hideLabel, className }}>
			<textarea
				id={id}
				rows={2}
				className={classes(box, "min-h-14 resize-none py-1.5 scroll-thin", mono && "font-mono text-sm")}
				aria-invalid={error ? true : undefined}
				aria-describedby={hint || error ? `${id}-about` : undefined}
				autoComplete="off"
				spellCheck={false}
				onChange={(event) => onText(event.target.value)}
				{...rest}
			/>
		</Frame>
	);
}

interface SelectFieldProps<T extends string>
	extends Shared,
		Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> {
	value: T;
	choices: readonly { value: T; text: string }[];
	onPick: (value: T) => void;
}

export function SelectField<T extends string>(props: SelectFieldProps<T>) {
	const { label, hint, error, after, hideLabel, value, choices, onPick, className, ...rest } = props;
	const id = useId();
	return (
		<Frame {...{ id, label, hint, error, after, hideLabel, className }}>
			<select
				id={id}
				value={value}
				className={classes(box, "chevron h-7 appearance-none pr-7")}
				aria-describedby={hint || error ? `${id}-about` : undefined}
				onChange={(event) => onPick(event.target.value as T)}
				{...rest}
			>
				{choices.map((each) => (
					<option key={each.value} value={each.value}>
						{each.text}
					</option>
				))}
			</select>
		</Frame>
	);
}

interface CheckFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "type"> {
	label: ReactNode;
	hint?: ReactNode;
	onCheck: (checked: boolean) => void;
}

export function CheckField({ label, hint, onCheck, className, ...rest }: CheckFieldProps) {
	const id = useId();
	return (
		<div className={classes("flex items-start gap-2", className)}>
			<input
				id={id}
				type="checkbox"
				className="tick mt-[3px]"
				aria-describedby={hint ? `${id}-about` : undefined}
				onChange={(event) => onCheck(event.target.checked)}
				{...rest}
			/>
			<div className="min-w-0">
				<label htmlFor={id} className="font-medium">
					{label}
				</label>
				{hint && (
					<div id={`${id}-about`} className="text-sm text-text-2">
						{hint}
					</div>
				)}
			</div>
		</div>
	);
}

interface ChoiceProps<T extends string> {
	legend: string;
	hideLegend?: boolean;
	value: T;
	choices: readonly { value: T; label: ReactNode; hint?: ReactNode; disabled?: boolean; testId?: string }[];
	onPick: (value: T) => void;
	/** Side by side instead of one below the other. */
	row?: boolean;
	/** As many side by side as fit, for short labels. */
	dense?: boolean;
}

/** Radio buttons as cards: the whole card is the target. */
export function Choice<T extends string>({
	legend,
	hideLegend,
	value,
	choices,
	onPick,
	row,
	dense,
}: ChoiceProps<T>) {
	const name = useId();
	return (
		// No <fieldset>: WebKit gives its legend room twice until something makes it lay the page out again.
		<div role="radiogroup" aria-labelledby={`${name}-legend`} className="min-w-0">
			<div
				id={`${name}-legend`}
				className={classes("mb-1 font-medium text-sm text-text-2", hideLegend && "sr-only")}
			>
				{legend}
			</div>
			<div
				className={classes(
					dense ? "flex flex-wrap gap-1.5" : "grid gap-2",
					row && "auto-cols-fr grid-flow-col",
				)}
			>
				{choices.map((each) => (
					<label
						key={each.value}
						className={classes(
							"flex items-start rounded-lg border transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent",
							dense ? "gap-2 px-2.5 py-1.5" : "gap-2.5 p-2.5",
							each.disabled && "opacity-50",
							value === each.value
								? "border-accent bg-accent-soft"
								: "border-line bg-panel hover:border-line-strong",
						)}
					>
						<input
							type="radio"
							name={name}
							value={each.value}
							checked={value === each.value}
							disabled={each.disabled}
							data-testid={each.testId}
							className="tick mt-[3px] outline-none"
							onChange={() => onPick(each.value)}
						/>
						<span className="min-w-0">
							<span className="block font-medium">{each.label}</span>
							{each.hint && <span className="block text-sm text-text-2">{each.hint}</span>}
						</span>
					</label>
				))}
			</div>
		</div>
	);
}
