//! The timeouts for replies, and closing connections after them.

use super::*;

#[tokio::test]
async fn silence_is_not_waited_out_and_its_connection_not_used_again() {
    let builder = MessageBuilder::new(sender()).unwrap();
    let (mute, _told) = relay(&[("", "")]).await;
    let error = Smtp::with_limits(&mute, SHORT).unwrap().send(&letter(), &builder).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Temporary { text, .. } if text.contains("did not answer in time")),
        "{error:?}"
    );

    // This relay becomes silent in the middle of a letter, with its reply outstanding.
    let (relay, mut reported) = relay(&[("DATA", "")]).await;
    let smtp = Smtp::with_limits(&relay, SHORT).unwrap();
    for _ in 0..2 {
        let error = smtp.send(&letter(), &builder).await.unwrap_err();
        assert!(
            matches!(
                &error,
                SendError::Temporary { text, .. } if text.contains("in time") && !text.contains(LINK)
            ),
            "{error:?}"
        );
    }
    let mut connections = 0;
    while let Ok(line) = reported.try_recv() {
        connections += usize::from(line == "CONNECT");
    }
    assert_eq!(connections, 2);
}

/// Two letters over one relay, the second over the first one's connection if possible: the outcome of the
/// second, and the number of connections.
pub(super) async fn second_letter(script: Script) -> (Result<(), SendError>, usize) {
    let (relay, mut reported) = relay(script).await;
    let smtp = Smtp::with_limits(&relay, AMPLE).unwrap();
    let builder = MessageBuilder::new(sender()).unwrap();
    smtp.send(&letter(), &builder).await.unwrap();
    let outcome = smtp.send(&letter(), &builder).await;
    let mut connections = 0;
    while let Ok(line) = reported.try_recv() {
        connections += usize::from(line == "CONNECT");
    }
    (outcome, connections)
}

#[tokio::test]
async fn a_connection_that_closes_in_mid_session_costs_no_attempt() {
    for script in [
        &[("2:MAIL", "421 4.3.2 shutting down\r\n")] as Script,
        &[("2:RCPT", "421 4.3.2 shutting down\r\n")],
        &[("2:DATA", "421 4.3.2 shutting down\r\n")],
        &[("2:.", "421 4.3.2 shutting down\r\n")],
        &[("2:MAIL", RESET)],
        &[("2:RCPT", RESET)],
    ] {
        assert_eq!(second_letter(script).await, (Ok(()), 2), "{script:?}");
    }
}

#[tokio::test]
async fn what_was_said_of_the_letter_is_not_asked_twice() {
    for script in [
        &[("2:RCPT", "451 4.7.1 greylisted\r\n")] as Script,
        &[("2:.", "452 4.3.1 full\r\n")],
        &[("2:.", RESET)],
    ] {
        let (outcome, connections) = second_letter(script).await;
        assert!(matches!(outcome, Err(SendError::Temporary { .. })), "{script:?}: {outcome:?}");
        assert_eq!(connections, 1, "{script:?}");
    }
    let (outcome, connections) = second_letter(&[("2:RCPT", "550 5.1.1 nobody\r\n")]).await;
    assert!(matches!(outcome, Err(SendError::Permanent { .. })) && connections == 1, "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_says_how_long_to_wait_is_believed() {
    let wait = async |script: Script| match attempt(&relay(script).await.0).await {
        Err(SendError::Temporary { wait, .. }) => {
            wait.map(|wait| (wait.time.num_seconds(), wait.every_letter))
        }
        other => panic!("{script:?}: {other:?}"),
    };
    assert_eq!(wait(&[("RCPT", "451 4.7.1 Greylisted for 300 seconds\r\n")]).await, Some((300, false)));
    assert_eq!(wait(&[("RCPT", "451 4.7.1 Greylisted\r\n")]).await, None);
    // A refusal of our client or sender applies to every letter.
    assert_eq!(wait(&[("MAIL", "450 4.7.1 too fast, retry in 90 seconds\r\n")]).await, Some((90, true)));
    assert_eq!(
        wait(&[("", "421 4.3.2 too many connections, try again in 2 minutes\r\n")]).await,
        Some((120, true))
    );
    assert_eq!(
        wait(&[(".", "421 4.7.0 too many letters, try again in 1 hour\r\n")]).await,
        Some((3600, true))
    );
    // A permanent refusal for a fault on our side has no time.
    assert_eq!(wait(&[("MAIL", "550 5.7.1 not yours, try again in 5 minutes\r\n")]).await, None);
}

#[tokio::test]
async fn no_step_is_waited_for_without_end() {
    let builder = MessageBuilder::new(sender()).unwrap();
    for script in [
        &[("", DRIPS)] as Script,
        &[("EHLO", "")],
        &[("MAIL", "")],
        &[("RCPT", "")],
        &[("DATA", "")],
        &[(".", "")],
    ] {
        let (relay, _told) = relay(script).await;
        let error = Smtp::with_limits(&relay, SHORT).unwrap().send(&letter(), &builder).await.unwrap_err();
        assert!(
            matches!(&error, SendError::Temporary { text, .. } if text.contains("in time")),
            "{script:?}: {error:?}"
        );
    }
}

/// Such a relay accepts the letter after a short timeout, and would accept it again and again.
#[tokio::test]
async fn the_answer_to_the_whole_letter_is_waited_for_longer_than_any_other() {
    let builder = MessageBuilder::new(sender()).unwrap();
    let limits = Limits { reply: Duration::from_secs(2), ..AMPLE };
    let (relay, _told) = relay(&[(".", "slowly 250 2.0.0 queued at last\r\n")]).await;
    Smtp::with_limits(&relay, limits).unwrap().send(&letter(), &builder).await.unwrap();
}
