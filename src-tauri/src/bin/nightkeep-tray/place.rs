//! Telling the engine whether the desktop has a place for the tray, so that every surface can say where there is none.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A desktop that has just started gets this long to have a place for trays.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tells each engine once, and again after each change, for ever. That there is no place is told when the desktop had its
/// time. A report that cannot be delivered is made again to the next engine.
pub(crate) async fn report(
    mut has_place: watch::Receiver<bool>,
    mut engine: watch::Receiver<Option<u32>>,
    mut tell: impl AsyncFnMut(bool),
) {
    let patient_until = Instant::now() + PATIENCE;
    let mut told = None;
    let (mut places_come, mut engines_come) = (true, true);
    loop {
        let (found, known) = (*has_place.borrow_and_update(), *engine.borrow_and_update());
        let is_patient = !found && Instant::now() < patient_until;
        if known.is_some() && !is_patient && told != Some((known, found)) {
            tell(found).await;
            told = Some((known, found));
        }
        tokio::select! {
            changed = has_place.changed(), if places_come => places_come = changed.is_ok(),
            changed = engine.changed(), if engines_come => engines_come = changed.is_ok(),
            () = sleep_until(patient_until), if is_patient => {}
            else => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_missing_place_is_told_after_twenty_seconds_and_to_each_engine() {
        let (place, has_place) = watch::channel(true);
        let (engine, engines) = watch::channel(None);
        let begun = Instant::now();
        let told = RefCell::new(Vec::new());
        let script = async {
            place.send_replace(false);
            engine.send_replace(Some(7));
            sleep(Duration::from_secs(30)).await;
            engine.send_replace(Some(8));
            sleep(Duration::from_secs(5)).await;
            place.send_replace(true);
            sleep(Duration::from_secs(5)).await;
        };
        tokio::select! {
            () = report(has_place, engines, async |has_place| {
                told.borrow_mut().push((begun.elapsed().as_secs(), has_place));
            }) => {}
            () = script => {}
        }
        assert_eq!(told.into_inner(), [(20, false), (30, false), (35, true)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_there_is_told_at_once_where_it_never_changes() {
        let has_place = watch::channel(true).1;
        let engines = watch::channel(Some(7)).1;
        let told = RefCell::new(Vec::new());
        tokio::select! {
            () = report(has_place, engines, async |has_place| told.borrow_mut().push(has_place)) => {}
            () = sleep(Duration::from_secs(60)) => {}
        }
        assert_eq!(told.into_inner(), [true]);
    }
}
