//! What a test that fails has to say is kept by the test program until all the others are through. Whoever reads along, or
//! has only a part of what was printed, wants it beside the name of the test.

use std::io::Write as _;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread;

/// So much of the beginning of a message is told, and of its end, which names the cause; in lines.
const LINES_MAX: usize = 20;
/// What follows is told at the end of the test program.
const BACKTRACE: &str = "Stack backtrace:";

/// From here on each panic is told when it happens, past what a test's output is caught by.
pub(crate) fn tell_at_once() {
    static TELLING: Once = Once::new();
    TELLING.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Nothing can be done about a terminal that takes nothing.
            drop(writeln!(std::io::stderr(), "{}", told(panic)));
            former(panic);
        }));
    });
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let whole = format!("`{}` fails: {panic}", thread.name().unwrap_or("a thread"));
    short(whole.split(BACKTRACE).next().unwrap_or_default())
}

fn short(message: &str) -> String {
    let lines: Vec<&str> = message.trim_end().lines().collect();
    match lines.len().checked_sub(2 * LINES_MAX) {
        None | Some(0) => lines.join("\n"),
        Some(more) => {
            let (first, rest) = lines.split_at(LINES_MAX);
            let (_, last) = rest.split_at(more);
            format!("{}\n({more} lines more)\n{}", first.join("\n"), last.join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_told_with_its_beginning_and_its_end() {
        let long: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let told = short(&long.join("\n"));
        assert!(told.starts_with("0\n1\n") && told.ends_with("98\n99"), "{told}");
        assert!(told.contains("\n19\n(60 lines more)\n80\n"), "{told}");
        assert_eq!(short("one\ntwo\n"), "one\ntwo");
    }
}
