// Refuses a production build that the content security policy would break or that carries the development host.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const files = (folder) =>
	readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		return statSync(path).isDirectory() ? files(path) : [path];
	});

const problems = [];
const page = readFileSync("dist/index.html", "utf8");
if (/<script(?![^>]*\ssrc=)/i.test(page)) problems.push("index.html has an inline script");
if (/<style|\sstyle=/i.test(page)) problems.push("index.html has inline style");
if (/(?:src|href)="https?:/i.test(page)) problems.push("index.html loads something from elsewhere");
for (const path of files("dist")) {
	if (!/\.(js|css)$/.test(path)) continue;
	const text = readFileSync(path, "utf8");
	if (text.includes("/__host/")) problems.push(`${path} carries the development host`);
	if (path.endsWith(".css") && /url\(["']?(?:https?:|data:font)/.test(text))
		problems.push(`${path} loads a font from elsewhere or from a data: URL`);
}
if (problems.length > 0) {
	console.error(problems.join("\n"));
	process.exit(1);
}
