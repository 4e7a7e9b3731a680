//! When the tray is redrawn: shortly after a change, and once a minute while times are shown.

use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nightkeep_engine::api::Live;
use tokio::time::{Instant, sleep_until};

use super::TrayModel;

/// Changes that come closer together are drawn once.
const SETTLE: Duration = Duration::from_millis(250);
/// Times in the menu are whole minutes.
const REFRESH: Duration = Duration::from_secs(60);

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// It has not answered yet.
    Connecting,
    /// It sent this.
    Live(Box<Live>),
    /// It cannot be reached, for this reason.
    Away(String),
}

/// Something that changes what the tray shows.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// About the engine.
    Link(Link),
    /// What a click asked for went wrong for this reason, or `None` when the next one went well.
    Problem(Option<String>),
}

impl Link {
    fn model(&self, now: Timestamp) -> TrayModel {
        match self {
            Self::Connecting => TrayModel::connecting(),
            Self::Live(live) => TrayModel::from(live, now, &TimeZone::system()),
            Self::Away(why) => TrayModel::away(why),
        }
    }

    /// Whether the texts change by time alone.
    fn shows_times(&self) -> bool {
        match self {
            Self::Connecting | Self::Away(_) => false,
            Self::Live(live) => !live.status.runs.is_empty() && live.status.paused.is_none(),
        }
    }
}

/// Shows a model for every change that `news` tells of, until they end. Equal models are not shown again; a backend
/// starts with [`TrayModel::connecting`].
pub async fn redraw(
    news: impl Stream<Item = News>,
    clock: impl Fn() -> Timestamp,
    mut show: impl AsyncFnMut(TrayModel),
) {
    let mut news = pin!(news);
    let mut link = Link::Connecting;
    let mut problem = None;
    let mut shown = TrayModel::connecting();
    let mut due: Option<Instant> = None;
    loop {
        tokio::select! {
            next = news.next() => {
                match next {
                    Some(News::Link(next)) => link = next,
                    Some(News::Problem(next)) => problem = next,
                    None => return,
                }
                let settled = Instant::now() + SETTLE;
                due = Some(due.map_or(settled, |due| due.min(settled)));
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                let mut model = link.model(clock()).with_problem(problem.as_deref());
                if !matches!(link, Link::Live(_)) {
                    // Only the engine tells it.
                    model.style = shown.style;
                }
                if model != shown {
                    show(model.clone()).await;
                    shown = model;
                }
                due = link.shows_times().then(|| Instant::now() + REFRESH);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures_util::stream;
    use nightkeep_engine::api::IconStyle;
    use tokio::time::sleep;

    use super::*;
    use crate::tray::TrayState;
    use crate::tray::model::testing::{live, run};

    /// Plays `script` (a pause, then a link) and a last pause of `rest`; tells what was shown and when.
    async fn shown_for(script: Vec<(Duration, Link)>, rest: Duration) -> Vec<(Duration, TrayModel)> {
        let start = Instant::now();
        let played = stream::iter(script).then(async |(pause, link)| {
            sleep(pause).await;
            News::Link(link)
        });
        let silence = stream::once(sleep(rest)).filter_map(async |()| None);
        let shown = RefCell::new(Vec::new());
        let clock = || {
            let passed = i64::try_from(start.elapsed().as_secs()).expect("tests are short");
            Timestamp::from_second(1_795_000_000 + passed).expect("tests are short")
        };
        redraw(played.chain(silence), clock, async |model| shown.borrow_mut().push((start.elapsed(), model))).await;
        shown.into_inner()
    }

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_changes_is_drawn_once_with_the_last_of_them() {
        let burst = (0..20).map(|_| (10 * MS, Link::Live(Box::new(live(vec![])))));
        let script = burst.chain([(10 * MS, Link::Away("gone".to_owned()))]).collect();
        let shown = shown_for(script, 1000 * MS).await;
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert_eq!(shown[0].0, 260 * MS);
        assert_eq!(shown[0].1.state, TrayState::Fault);
    }

    #[tokio::test(start_paused = true)]
    async fn an_equal_model_is_not_drawn_again() {
        let same = || Link::Live(Box::new(live(vec![])));
        let shown = shown_for(vec![(MS, same()), (5000 * MS, same())], 600_000 * MS).await;
        assert_eq!(shown.len(), 1, "{shown:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_icon_keeps_its_style_while_the_engine_is_away() {
        let white = Live { icon_style: IconStyle::White, ..live(vec![]) };
        let away = Link::Away("gone".to_owned());
        let shown = shown_for(vec![(MS, Link::Live(Box::new(white))), (1000 * MS, away)], 3000 * MS).await;
        let styles: Vec<IconStyle> = shown.iter().map(|(_, model)| model.style).collect();
        assert_eq!(styles, [IconStyle::White, IconStyle::White]);
    }

    #[tokio::test(start_paused = true)]
    async fn times_are_refreshed_once_a_minute_while_a_run_is_shown() {
        let shown = shown_for(vec![(MS, Link::Live(Box::new(live(vec![run("a")]))))], 185_000 * MS).await;
        let at: Vec<u64> = shown.iter().map(|(at, _)| at.as_secs()).collect();
        assert_eq!(at, [0, 60, 120, 180]);
    }
}
