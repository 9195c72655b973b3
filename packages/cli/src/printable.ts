/** What a terminal would act upon. Labels of guests and lines of logs are whatever a guest made them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are meant
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line that is safe to print. */
export function printable(text: string): string {
  return text.replace(CONTROL, '�');
}

/** JSON escapes what is below a space by itself, and nothing else. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
