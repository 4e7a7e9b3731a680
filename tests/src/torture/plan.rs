//! What a round consists of: who is started, and who is killed when. The same seed gives the same rounds.

use std::time::Duration;

use super::agents::{Agent, Kind, Start};
use super::chance::Chance;
use super::moment::{Moment, START, Victim};
use super::shots::Shot;

/// A round.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) agents: Vec<Agent>,
    pub(super) shots: Vec<Shot>,
    /// How long the engine stays away after it was killed, if nobody else starts it.
    pub(super) away: Duration,
    pub(super) has_tray: bool,
    pub(super) has_window: bool,
}

const FREE: [Kind; 5] = [Kind::Quick, Kind::Failing, Kind::Working, Kind::Crashing, Kind::Leaving];
const HEARING: [Kind; 4] = [Kind::Polite, Kind::Halfhearted, Kind::Unwanted, Kind::AttachedPolite];
const ANY: [Kind; 12] = [
    Kind::Quick,
    Kind::Failing,
    Kind::Working,
    Kind::Crashing,
    Kind::Leaving,
    Kind::Polite,
    Kind::Halfhearted,
    Kind::Stubborn,
    Kind::Hostile,
    Kind::Unwanted,
    Kind::AttachedPolite,
    Kind::AttachedStubborn,
];

/// Of its stop.
const STOP: [Moment; 6] = [
    Moment::EvidenceTaken,
    Moment::StopIntended,
    Moment::AgentAsked,
    Moment::AskedRoot,
    Moment::AskedRest,
    Moment::Forced,
];
/// Of its end.
const END: [Moment; 4] = [Moment::RootEnded, Moment::ExitBegun, Moment::ExitRecorded, Moment::Ended];
/// Of an engine.
const ENGINE: [Moment; 2] = [Moment::DatabaseOpened, Moment::Listening];

impl Plan {
    /// The round of a seed with this number.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut chance = Chance::of(seed, number);
        let mut kinds = vec![Kind::Stubborn];
        kinds.extend(chance.one_of(&FREE));
        kinds.extend(chance.one_of(&HEARING));
        for _ in 0..chance.below(4) {
            kinds.extend(chance.one_of(&ANY));
        }
        let named = kinds.into_iter().enumerate();
        let agents: Vec<Agent> =
            named.map(|(index, kind)| Agent::new(format!("r{number}-{index}"), kind, &mut chance)).collect();
        let mut shots: Vec<Shot> = (0..2 + chance.below(2)).filter_map(|_| engine(&mut chance, &agents)).collect();
        shots.extend((0..chance.below(3)).filter_map(|_| keeper(&mut chance, &agents)));
        if chance.once_in(3) {
            shots.extend(command(&mut chance, &agents));
        }
        let (has_tray, has_window) = (chance.once_in(3), chance.once_in(12));
        if has_tray {
            shots.extend(surface(&mut chance, Victim::Tray));
        }
        if has_window {
            shots.extend(surface(&mut chance, Victim::Window));
        }
        Self { agents, shots, away: chance.within_ms(400), has_tray, has_window }
    }

    /// A round of one agent and one shot.
    pub(super) fn single(label: &str, kind: Kind, start: Option<Start>, victim: Victim, moment: Moment) -> Self {
        let mut chance = Chance::of(0, 0);
        let mut agent = Agent::new(label.to_owned(), kind, &mut chance);
        agent.at = Duration::ZERO;
        agent.start = start.unwrap_or(agent.start);
        let label = (moment == Moment::ForcedUnrecorded).then(|| label.to_owned());
        let shot = Shot { victim, moment, nth: 1, after: Duration::ZERO, label };
        Self {
            agents: vec![agent],
            shots: vec![shot],
            away: Duration::ZERO,
            has_tray: victim == Victim::Tray,
            has_window: victim == Victim::Window,
        }
    }

    /// A round of agents of these kinds, in which nobody is killed.
    pub(super) fn of_kinds(label: &str, kinds: &[Kind], start: Start) -> Self {
        let mut chance = Chance::of(0, 0);
        let mut agent = |(index, kind): (usize, &Kind)| {
            let mut agent = Agent::new(format!("{label}-{index}"), *kind, &mut chance);
            (agent.at, agent.start) = (Duration::ZERO, start);
            agent
        };
        let agents = kinds.iter().enumerate().map(&mut agent).collect();
        Self { agents, shots: Vec::new(), away: Duration::ZERO, has_tray: false, has_window: false }
    }
}

fn engine(chance: &mut Chance, agents: &[Agent]) -> Option<Shot> {
    let moments = match chance.below(10) {
        0..3 => &START[..],
        3..6 => &STOP[..],
        6..8 => &END[..],
        8 => &ENGINE[..],
        _ => &[Moment::AnyTime, Moment::ForcedUnrecorded][..],
    };
    let moment = chance.one_of(moments)?;
    if moment != Moment::ForcedUnrecorded {
        return Some(shot(chance, agents, Victim::Engine, moment));
    }
    let deaf = agents.iter().find(|agent| agent.kind == Kind::Stubborn)?;
    Some(Shot { victim: Victim::Engine, moment, nth: 1, after: Duration::ZERO, label: Some(deaf.label.clone()) })
}

fn keeper(chance: &mut Chance, agents: &[Agent]) -> Option<Shot> {
    let moments = match chance.below(10) {
        0..4 => &START[3..],
        4..6 => &STOP[..],
        6..9 => &END[..],
        _ => &[Moment::AnyTime][..],
    };
    let moment = chance.one_of(moments)?;
    if moment == Moment::RootEnded {
        // The keeper is halted a little before; see `Shots::about_to_end`.
        return Some(Shot { victim: Victim::Keeper, moment, nth: 1, after: Duration::ZERO, label: None });
    }
    let label = if moment == Moment::AnyTime { one_launched(chance, agents) } else { None };
    Some(Shot { label, ..shot(chance, agents, Victim::Keeper, moment) })
}

fn command(chance: &mut Chance, agents: &[Agent]) -> Option<Shot> {
    let moments = [&START[..], &[Moment::Ended, Moment::AnyTime]].concat();
    let moment = chance.one_of(&moments)?;
    let wanted = shot(chance, agents, Victim::Command, moment);
    let label = if moment == Moment::AnyTime { one_launched(chance, agents) } else { None };
    Some(Shot { label, ..wanted })
}

fn surface(chance: &mut Chance, victim: Victim) -> Option<Shot> {
    let moment = chance.one_of(&[Moment::AnyTime, Moment::StopIntended, Moment::Ended])?;
    Some(shot(chance, &[], victim, moment))
}

/// A shot at the first, second … time of a moment; half of them a little later.
fn shot(chance: &mut Chance, agents: &[Agent], victim: Victim, moment: Moment) -> Shot {
    let is_rare = agents.is_empty() || STOP.contains(&moment) || ENGINE.contains(&moment);
    let times = if is_rare { 1 } else { u64::try_from(agents.len()).unwrap_or(1) };
    let after = if moment == Moment::AnyTime {
        chance.within_ms(3_000)
    } else if chance.once_in(2) {
        chance.within_ms(8)
    } else {
        Duration::ZERO
    };
    Shot { victim, moment, nth: 1 + chance.below(times), after, label: None }
}

fn one_launched(chance: &mut Chance, agents: &[Agent]) -> Option<String> {
    let launched: Vec<&Agent> = agents.iter().filter(|agent| agent.start != Start::Attach).collect();
    chance.one_of(&launched).map(|agent| agent.label.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plans_the_same_rounds() {
        let text = |seed, number| format!("{:?}", Plan::of(seed, number));
        assert_eq!(text(1, 5), text(1, 5));
        assert_ne!(text(1, 5), text(1, 6));
        assert_ne!(text(1, 5), text(2, 5));
    }
}
