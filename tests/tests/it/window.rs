//! The window in its real webview, with the real engine behind it.

use nightkeep_tests::binary;
use nightkeep_tests::night::{Night, Said};
use nightkeep_tests::window::Window;

#[test]
fn a_job_keeps_its_name_when_it_is_edited_and_cannot_take_that_of_another() {
    let jobs = "[jobs.articles]\ncommand = [\"sleep\", \"1\"]\n[jobs.sweep]\ncommand = [\"sleep\", \"1\"]\n";
    let night = Night::on_a_desktop(jobs).unwrap();
    let window = Window::open(&night, "jobs/articles/edit").unwrap();
    window.fill("field-name", "sweep").unwrap();
    window.until("#field-name-error", |fault| fault == "There is a job sweep already.").unwrap();
    window.fill("field-name", "articles").unwrap();
    window.until_gone("#field-name-error").unwrap();
    window.fill("field-limits-grace", "5s").unwrap();
    window.click("Save").unwrap();
    night.until_job("articles", |job| job.limits.grace.as_deref() == Some("5s")).unwrap();
    window.until("main h1", |title| title == "Jobs").unwrap();
}

#[test]
fn a_window_without_a_display_that_answers_says_so_in_one_sentence() {
    let night = Night::new("").unwrap();
    let open = |display: &str, wayland: &str| {
        let mut window = night.program(binary("nightkeep-app").unwrap());
        let said = Said::of(&window.env("DISPLAY", display).env("WAYLAND_DISPLAY", wayland).output().unwrap());
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{}", said.err);
        said.err
    };
    let hint = "hint: `nightkeep status` and `nightkeep history` show the same in a terminal\n";
    let named = "neither `DISPLAY` nor `WAYLAND_DISPLAY` is set";
    assert_eq!(open("", ""), format!("error: there is no display to show a window on ({named})\n{hint}"));
    assert_eq!(open(":4711", ""), format!("error: the display `DISPLAY=:4711` cannot be reached\n{hint}"));
    let both = "`WAYLAND_DISPLAY=none` or `DISPLAY=:4711`";
    assert_eq!(open(":4711", "none"), format!("error: the display {both} cannot be reached\n{hint}"));
}
