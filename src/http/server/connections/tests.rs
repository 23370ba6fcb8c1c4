use super::*;

const LIMITS: ConnectionLimits = ConnectionLimits { accepted: 16, total: 8, network: 6, host: 4 };

fn connections() -> Arc<Connections> {
    Connections::new(LIMITS, vec!["10.0.0.0/8".parse().unwrap()])
}

fn admit(connections: &Arc<Connections>, peer: &str) -> Option<Arc<Connection>> {
    connections.admit(peer.parse().unwrap())
}

#[test]
fn a_client_at_its_bound_loses_its_oldest_silent_connection_and_no_other_client_does() {
    let connections = connections();
    let other = admit(&connections, "203.0.114.1").unwrap();
    let held: Vec<_> = (0..4).map(|_| admit(&connections, "203.0.113.7").unwrap()).collect();
    // One that was answered before is kept longer than one that never asked; one that is worked on, for good.
    let working = held[0].serving();
    drop(held[1].serving());
    let fifth = admit(&connections, "203.0.113.7").unwrap();
    let evicted = |all: &[Arc<Connection>]| all.iter().map(|one| one.is_evicted()).collect::<Vec<_>>();
    assert_eq!(evicted(&held), [false, false, true, false]);
    let sixth = admit(&connections, "203.0.113.7").unwrap();
    assert_eq!(evicted(&held), [false, false, true, true]);
    let seventh = admit(&connections, "203.0.113.7").unwrap();
    assert!(fifth.is_evicted() && !sixth.is_evicted() && !seventh.is_evicted() && !other.is_evicted());
    // A body on its way goes last.
    let working: Vec<_> =
        [&held[1], &sixth, &seventh].map(Connection::serving).into_iter().chain([working]).collect();
    assert!(admit(&connections, "203.0.113.7").is_none());
    let receiving = sixth.receiving();
    assert!(admit(&connections, "203.0.113.7").is_some() && sixth.is_evicted());
    drop((working, receiving));
    assert!(admit(&connections, "203.0.113.8").is_some());
}

#[test]
fn networks_and_everybody_are_bounded_and_trusted_proxies_are_not() {
    let connections = connections();
    let neighbours: Vec<_> =
        (1..=6).map(|host| admit(&connections, &format!("203.0.113.{host}")).unwrap()).collect();
    let seventh = admit(&connections, "203.0.113.9").unwrap();
    assert!(!seventh.is_evicted());
    assert!(neighbours[0].is_evicted() && !neighbours[1].is_evicted());
    // Of everybody, the oldest silent one.
    let proxied: Vec<_> = (0..8).map(|_| admit(&connections, "10.0.0.1").unwrap()).collect();
    assert_eq!(proxied.iter().filter(|one| one.is_evicted()).count(), 0);
    assert!(neighbours[1].is_evicted());
    let _more = admit(&connections, "2001:db8::1").unwrap();
    assert!(proxied[0].is_evicted());
}

#[test]
fn unread_answers_block_no_other_client() {
    let connections = connections();
    // Two hosts of two networks have everything there is, and send requests without reading the answers.
    let mut held = Vec::new();
    for number in 0..8 {
        let connection = admit(&connections, ["203.0.113.7", "198.51.100.7"][number % 2]).unwrap();
        held.push((connection.serving(), connection));
    }
    assert!(admit(&connections, "192.0.2.1").is_none(), "all are worked on");
    for (_, connection) in &held {
        connection.set_writing(true);
    }
    // Newcomers come in, and do not displace each other.
    let newcomers: Vec<_> =
        (1..=5).map(|host| admit(&connections, &format!("192.0.{host}.1")).unwrap()).collect();
    assert!(newcomers.iter().all(|one| !one.is_evicted()));
    let evicted: Vec<_> = held.iter().map(|(_, connection)| connection.is_evicted()).collect();
    // Of whom has the most, and the oldest of theirs.
    assert_eq!(evicted.iter().filter(|evicted| **evicted).count(), 5);
    assert!(evicted[..4].iter().all(|evicted| *evicted), "{evicted:?}");
    // An answer that moves again is kept.
    let (_, last) = &held[7];
    last.set_writing(false);
    assert!(last.state().eviction_rank().is_none() && !last.is_evicted());
}

#[test]
fn of_everybody_the_network_beyond_its_share_loses_one_whatever_others_are_at() {
    let connections = connections();
    let silent = admit(&connections, "192.0.2.1").unwrap();
    let idle: Vec<_> = (0..3).map(|_| admit(&connections, "203.0.113.7").unwrap()).collect();
    let more: Vec<_> = (0..4).map(|_| admit(&connections, "198.51.100.7").unwrap()).collect();
    idle.iter().chain(&more).for_each(|connection| drop(connection.serving()));
    let _newcomer = admit(&connections, "192.0.3.1").unwrap();
    assert!(!silent.is_evicted() && more[0].is_evicted() && idle.iter().all(|one| !one.is_evicted()));
}

#[test]
fn requests_that_were_sent_ahead_take_turns_with_others() {
    let connection = admit(&connections(), "203.0.113.7").unwrap();
    let turns: Vec<_> = (0..2 * REQUESTS_PER_TURN).map(|_| connection.should_yield()).collect();
    assert_eq!(turns.iter().filter(|over| **over).count(), 2);
    for _ in 0..2 * REQUESTS_PER_TURN {
        connection.caught_up();
        assert!(!connection.should_yield());
    }
}

#[test]
fn what_has_ended_is_forgotten() {
    let connections = connections();
    for _ in 0..100 {
        drop(admit(&connections, "203.0.113.7"));
    }
    let table = connections.table();
    assert!(table.all.is_empty() && table.by_block.is_empty());
}
