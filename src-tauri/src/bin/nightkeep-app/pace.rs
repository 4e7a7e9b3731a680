//! News at a pace at which they can be drawn.

use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until};

/// The newest of what `events` says, at most once in `pace`: the first of it at once, and what is replaced before its time
/// never. A failure comes after all that was said before it.
pub(crate) fn paced<T, E>(
    events: impl Stream<Item = Result<T, E>> + Unpin,
    pace: Duration,
) -> impl Stream<Item = Result<T, E>> {
    let paced = Paced { events, last: None, due: Instant::now(), pace };
    stream::unfold(paced, async |mut paced| Some((paced.next().await?, paced)))
}

struct Paced<S: Stream> {
    events: S,
    /// What came after the news that went out before it: a failure, or the end.
    last: Option<Option<S::Item>>,
    /// Nothing goes out before.
    due: Instant,
    pace: Duration,
}

impl<T, E, S: Stream<Item = Result<T, E>> + Unpin> Paced<S> {
    async fn next(&mut self) -> Option<Result<T, E>> {
        if let Some(last) = self.last.take() {
            return last;
        }
        let mut newest = self.events.next().await?;
        while newest.is_ok() {
            tokio::select! {
                biased;
                () = sleep_until(self.due) => break,
                more = self.events.next() => match more {
                    Some(Ok(more)) => newest = Ok(more),
                    last => {
                        self.last = Some(last);
                        break;
                    }
                },
            }
        }
        self.due = Instant::now() + self.pace;
        Some(newest)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::stream::{self, StreamExt as _};
    use tokio::sync::mpsc;
    use tokio::time::{Duration, Instant};

    use super::paced;

    const PACE: Duration = Duration::from_millis(100);

    #[tokio::test(start_paused = true)]
    async fn the_first_news_come_at_once_and_of_many_the_newest_in_its_time() {
        let (say, heard) = mpsc::unbounded_channel::<Result<u32, &str>>();
        let events = stream::unfold(heard, async |mut heard| Some((heard.recv().await?, heard)));
        let mut told = pin!(paced(Box::pin(events), PACE));
        let begun = Instant::now();
        say.send(Ok(1)).unwrap();
        assert_eq!((told.next().await, begun.elapsed()), (Some(Ok(1)), Duration::ZERO));
        for number in 2..=9 {
            say.send(Ok(number)).unwrap();
        }
        assert_eq!((told.next().await, begun.elapsed()), (Some(Ok(9)), PACE));
        // After a quiet time nobody waits.
        tokio::time::sleep(PACE * 2).await;
        say.send(Ok(10)).unwrap();
        assert_eq!((told.next().await, begun.elapsed()), (Some(Ok(10)), PACE * 3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_said_before_a_failure_or_the_end_is_told_before_it() {
        let said = [Ok(1), Ok(2), Err("the engine ended")];
        let told: Vec<Result<u32, &str>> = paced(stream::iter(said), PACE).collect().await;
        assert_eq!(told, said);
        let told: Vec<Result<u32, &str>> = paced(stream::iter([Ok(1), Ok(2), Ok(3)]), PACE).collect().await;
        assert_eq!(told, [Ok(1), Ok(3)]);
    }
}
