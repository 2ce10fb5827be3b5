// The name of a database that is made, or the path of a new SQLite file.

import { FolderOpen } from "lucide-react";
import { host } from "@/api/client";
import { databaseFiles } from "@/lib/text";
import { Button } from "./Button";
import { TextField } from "./Field";
import { sayError } from "./say";

interface NewDatabaseFieldProps {
	/** It is a file, not a database of a server. */
	isFile: boolean;
	value: string;
	onText: (text: string) => void;
	/** What the dialog offers: "restored.sqlite". */
	fileName: string;
	testId: string;
}

export function NewDatabaseField({ isFile, value, onText, fileName, testId }: NewDatabaseFieldProps) {
	const pick = () =>
		host()
			.chooseSavePath({
				defaultName: fileName,
				filters: [databaseFiles],
			})
			.then((path) => path !== null && onText(path), sayError);
	return (
		<TextField
			label={isFile ? "Path of the new file" : "Name of the new database"}
			mono
			value={value}
			onText={onText}
			data-testid={testId}
			hint={`Leave it empty to have a free ${isFile ? "file name beside the live one" : "name"} chosen; the next step shows it.`}
			after={
				isFile ? (
					<Button icon={<FolderOpen aria-hidden className="size-3.5" />} onClick={() => void pick()}>
						Choose…
					</Button>
				) : undefined
			}
		/>
	);
}
