/** What a terminal would act upon, line ends and tabs excepted. Labels of guests and lines of logs are whatever a guest made them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are meant
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line that is safe to print. */
export function printable(text: string): string {
  return printableText(text).replace(/[\t\n]/g, '�');
}

/** Text that is safe to print, of as many lines as it has. */
export function printableText(text: string): string {
  return text.replace(CONTROL, '�');
}

/** JSON escapes what is below a space by itself, and nothing else. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(CONTROL, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
