//! Coalescing: requests for the same answer share one.
//!
//! Requests that arrive while an answer is made wait for the next one, which begins when that is done. Each
//! answer therefore begins after all of its requests have arrived, and shows every change that was
//! acknowledged before.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turn, watch},
    time::timeout,
};

/// The longest wait for the answer before. A request for the same as a slow one is delayed by no more.
const TURN_TIMEOUT: Duration = Duration::from_millis(100);

/// The answers that are under way. All that an answer depends on must be in its key, who may see it
/// included.
pub struct Coalesced<K, V>(Mutex<HashMap<K, Answers<V>>>);

/// The answers to one key.
struct Answers<V> {
    /// Held while an answer is made.
    turn: Arc<Turn<()>>,
    /// The answer that has not begun.
    next: Option<watch::Receiver<Option<V>>>,
    /// How many requests make an answer, or wait for their turn. The last one removes the entry.
    makers: usize,
}

enum Part<'a, K: Hash + Eq, V> {
    Maker(Maker<'a, K, V>),
    Sharer(watch::Receiver<Option<V>>),
}

impl<K, V> Default for Coalesced<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Coalesced<K, V> {
    /// The answer to `key`, which `make` makes unless another request does.
    pub async fn answer(&self, key: &K, make: impl AsyncFnOnce() -> V) -> V {
        loop {
            match self.join(key) {
                Part::Maker(maker) => return maker.answer(make).await,
                // Without an answer its maker has gone away, as when its client hangs up.
                Part::Sharer(mut next) => {
                    if let Ok(answer) = next.wait_for(Option::is_some).await
                        && let Some(answer) = answer.clone()
                    {
                        return answer;
                    }
                }
            }
        }
    }

    fn join(&self, key: &K) -> Part<'_, K, V> {
        let mut all = self.all();
        let (turn, next) = (Arc::default(), None);
        let answers = all.entry(key.clone()).or_insert(Answers { turn, next, makers: 0 });
        if let Some(next) = &answers.next {
            return Part::Sharer(next.clone());
        }
        let (sharers, next) = watch::channel(None);
        answers.next = Some(next);
        answers.makers += 1;
        let turn = answers.turn.clone();
        Part::Maker(Maker { all: self, key: key.clone(), turn, sharers, has_begun: false })
    }
}

impl<K, V> Coalesced<K, V> {
    fn all(&self) -> MutexGuard<'_, HashMap<K, Answers<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request that makes an answer.
struct Maker<'a, K: Hash + Eq, V> {
    all: &'a Coalesced<K, V>,
    key: K,
    turn: Arc<Turn<()>>,
    sharers: watch::Sender<Option<V>>,
    has_begun: bool,
}

impl<K: Hash + Eq + Clone, V: Clone> Maker<'_, K, V> {
    async fn answer(mut self, make: impl AsyncFnOnce() -> V) -> V {
        let turn = self.turn.clone();
        let turn = timeout(TURN_TIMEOUT, turn.lock()).await;
        if let Some(answers) = self.all.all().get_mut(&self.key) {
            // Later requests wait for another answer.
            answers.next = None;
        }
        self.has_begun = true;
        let answer = make().await;
        self.sharers.send_replace(Some(answer.clone()));
        drop(turn);
        answer
    }
}

impl<K: Hash + Eq, V> Drop for Maker<'_, K, V> {
    fn drop(&mut self) {
        let mut all = self.all.all();
        if let Some(answers) = all.get_mut(&self.key) {
            answers.makers -= 1;
            if !self.has_begun {
                answers.next = None;
            }
            if answers.makers == 0 {
                all.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use futures_util::future::{join_all, join3};
    use tokio::{
        sync::Notify,
        task::{LocalSet, yield_now},
    };

    use super::*;

    /// Makes answers, which are numbered, and says when each begins.
    #[derive(Default)]
    struct Numbers {
        shared: Coalesced<&'static str, u32>,
        begun: Cell<u32>,
        begins: Notify,
        release: Notify,
    }

    impl Numbers {
        async fn ask(&self, key: &'static str) -> u32 {
            let make = async || {
                self.begun.set(self.begun.get() + 1);
                let number = self.begun.get();
                self.begins.notify_one();
                self.release.notified().await;
                number
            };
            self.shared.answer(&key, make).await
        }

        fn is_idle(&self) -> bool {
            self.shared.all().is_empty()
        }
    }

    #[tokio::test]
    async fn those_who_come_during_an_answer_share_the_next_one() {
        let numbers = Numbers::default();
        let release = async {
            for begun in [1, 2] {
                numbers.begins.notified().await;
                assert_eq!(numbers.begun.get(), begun);
                numbers.release.notify_one();
            }
        };
        let others = join_all((0..5).map(|_| numbers.ask("a")));
        let (first, others, ()) = join3(numbers.ask("a"), others, release).await;
        assert_eq!((first, others), (1, vec![2; 5]));
        assert!(numbers.is_idle());
    }

    #[tokio::test]
    async fn other_keys_have_answers_of_their_own_at_the_same_time() {
        let numbers = Numbers::default();
        let release = async {
            yield_now().await;
            assert_eq!(numbers.begun.get(), 2);
            numbers.release.notify_waiters();
        };
        assert_eq!(join3(numbers.ask("a"), numbers.ask("b"), release).await, (1, 2, ()));
    }

    #[tokio::test]
    async fn a_slow_answer_is_not_waited_for() {
        let numbers = Numbers::default();
        let release = async {
            numbers.begins.notified().await;
            // The second begins while the first is under way.
            numbers.begins.notified().await;
            numbers.release.notify_waiters();
        };
        assert_eq!(join3(numbers.ask("a"), numbers.ask("a"), release).await, (1, 2, ()));
        assert!(numbers.is_idle());
    }

    #[tokio::test]
    async fn a_maker_who_goes_away_leaves_the_answer_to_another() {
        // The first makes an answer, the second waits for its turn, the third shares with the second.
        for (gone, others) in [(0, [1, 2]), (1, [0, 2])] {
            let (numbers, tasks) = (Rc::new(Numbers::default()), LocalSet::new());
            let ask = |_| {
                let numbers = numbers.clone();
                tasks.spawn_local(async move { numbers.ask("a").await })
            };
            let asked: Vec<_> = (0..3).map(ask).collect();
            let answered = tasks.run_until(async {
                numbers.begins.notified().await;
                yield_now().await;
                asked[gone].abort();
                let release = async {
                    while !numbers.is_idle() {
                        numbers.release.notify_waiters();
                        yield_now().await;
                    }
                };
                yield_now().await;
                release.await;
            });
            answered.await;
            for (number, asked) in asked.into_iter().enumerate() {
                let answer = tasks.run_until(asked).await;
                assert_eq!(answer.is_ok(), others.contains(&number), "{number} of those without {gone}");
            }
        }
    }
}
