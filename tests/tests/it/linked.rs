//! What the programs that stay resident are linked against.

use std::fs;

use nightkeep_tests::binary;

fn check_that_it_links_no_window(name: &str) {
    let bytes = fs::read(binary(name).unwrap()).unwrap();
    // A library that is linked is named in the program's dynamic section, in plain text.
    for library in ["libwebkit2gtk", "libgtk-3", "libjavascriptcore"] {
        let is_named = bytes.windows(library.len()).any(|window| window == library.as_bytes());
        assert!(!is_named, "`{name}` is linked against {library}");
    }
}

#[test]
fn the_command_line_program_links_no_window_library() {
    check_that_it_links_no_window("nightkeep");
}

#[test]
fn the_tray_links_no_window_library() {
    check_that_it_links_no_window("nightkeep-tray");
}
