/** The first words of every file that `puggle generate` writes, by which it is told from one that a person wrote. */
export const GENERATED_FILE_MARKER = "# Made by `puggle generate";
