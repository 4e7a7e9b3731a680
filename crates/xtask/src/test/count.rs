//! How many tests ran: the sum of the closing lines of the test runners.

use std::fmt;

use crate::shell::without_color;

/// Tests that passed and that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    /// Adds what a line says when it is the closing line of a runner.
    pub(crate) fn take(&mut self, line: &str) {
        let line = without_color(line);
        if let Some(parts) =
            closing_of_cargo(&line).or_else(|| closing_of_vitest(&line)).or_else(|| closing_of_playwright(&line))
        {
            self.passed += number_before("passed", parts);
            self.failed += number_before("failed", parts);
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn closing_of_cargo(line: &str) -> Option<&str> {
    line.strip_prefix("test result: ")?.split_once(". ").map(|(_, parts)| parts)
}

/// `      Tests  1 failed | 11 passed (12)`; `Test Files` counts files and is left out.
fn closing_of_vitest(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("Tests  ")
}

/// `  32 passed (2.0m)`, and in a line of its own `  2 failed`.
fn closing_of_playwright(line: &str) -> Option<&str> {
    let parts = line.strip_prefix("  ")?;
    match parts.split(' ').collect::<Vec<_>>().as_slice() {
        [number, "passed", time] if number.parse::<u64>().is_ok() && time.starts_with('(') => Some(parts),
        [number, "failed"] if number.parse::<u64>().is_ok() => Some(parts),
        _ => None,
    }
}

fn number_before(word: &str, parts: &str) -> u64 {
    let words: Vec<&str> = parts.split([' ', ';', '|']).filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find_map(|pair| match pair {
            [number, found] if *found == word => number.parse().ok(),
            _ => None,
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], passed: u64, failed: u64) {
        let mut count = Count::default();
        for line in lines {
            count.take(line);
        }
        assert_eq!(count, Count { passed, failed });
    }

    #[test]
    fn the_closing_lines_of_cargo_are_summed_up() {
        let first = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s";
        let second =
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 1 filtered out; finished in 1.00s";
        check(&[first, "running 5 tests", "test result_of_x ... ok", second], 15, 2);
    }

    #[test]
    fn a_colored_closing_line_counts_like_a_plain_one() {
        let line = "test result: \x1b[32mok\x1b[0m. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        check(&[line], 4, 0);
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let lines = [" Test Files  3 passed (3)", "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m12 passed\x1b[39m (12)"];
        check(&lines, 12, 0);
        check(&["      Tests  1 failed | 11 passed | 2 skipped (14)"], 11, 1);
    }

    #[test]
    fn playwright_counts_in_a_line_for_each_word() {
        check(&["  2 failed", "    pages.spec.ts:6:5 › overview ───", "  32 passed (2.0m)"], 32, 2);
        check(&["  5 passed", "   7 passed (1.0s)", "  x passed (1.0s)"], 0, 0);
    }

    #[test]
    fn a_test_that_prints_about_tests_is_not_counted() {
        check(&["Tests are sentences: 5 passed", "the test result: ok. 7 passed; 0 failed"], 0, 0);
    }
}
