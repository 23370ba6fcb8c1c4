//! What a screen reader, a keyboard and a browser without styles need of every page (WCAG 2.2): names,
//! landmarks, errors that are tied to their fields, and an order that needs no style sheet. `make test-pages`
//! checks the pages by axe-core's rules in a browser.

use super::fixture::{TOKEN, attributes, between, every_screen};
use crate::domain::locale::Locale;
use crate::http::activation_page::html::{Pages, STYLE};

/// Each screen in each language, of a link that was mailed: a name for messages, and the page.
fn pages() -> Vec<(String, String)> {
    let pages = Pages::new("").unwrap();
    let mut all = Vec::new();
    for locale in Locale::ALL {
        for (name, screen) in every_screen() {
            let page = pages.render_below(&screen, Some(TOKEN), locale).unwrap();
            all.push((format!("{name} in {}", locale.as_str()), page));
        }
    }
    all
}

/// The start tags of these elements, each from its name on.
fn tags<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let is_whole = |tag: &&str| tag.starts_with([' ', '>']);
    html.split(&format!("<{element}"))
        .skip(1)
        .filter(is_whole)
        .map(|tag| &tag[..=tag.find('>').unwrap()])
        .collect()
}

/// The text of HTML without its tags.
fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.collect::<String>().trim().to_owned()
}

#[test]
fn every_page_has_its_language_a_title_and_landmarks() {
    for (name, html) in pages() {
        let language = name.rsplit(' ').next().unwrap();
        assert_eq!(attributes(tags(&html, "html")[0], "lang"), [language], "{name}");
        assert!(!text(between(&html, "<title>", "</title>")[0]).is_empty(), "{name}");
        for element in ["main", "h1"] {
            assert_eq!(tags(&html, element).len(), 1, "{name}: {element}");
        }
        let (header, main) = html.split_once("<main>").unwrap();
        let header = header.split_once("<body>").unwrap().1.trim();
        assert!(
            header.is_empty() || header.starts_with("<header>") && header.ends_with("</header>"),
            "{name}"
        );
        // Nothing outside the landmarks.
        assert!(main.ends_with("</main>\n</body>\n</html>"), "{name}: {main}");
        assert!(
            tags(&html, "h2").len() <= 1 && ["h3", "h4"].iter().all(|level| tags(&html, level).is_empty())
        );
    }
}

#[test]
fn every_control_has_a_name_and_every_group_a_legend() {
    for (name, html) in pages() {
        let inputs = tags(&html, "input").into_iter().filter(|tag| attributes(tag, "type") != ["hidden"]);
        for control in inputs.chain(tags(&html, "select")) {
            let id = attributes(control, "id")[0];
            let label = between(&html, &format!(" for=\"{id}\">"), "</label>");
            assert!(label.len() == 1 && !text(label[0]).is_empty(), "{name}: {id}: {label:?}");
        }
        for group in html.split("<fieldset").skip(1) {
            let content = group.split_once('>').unwrap().1.trim_start();
            let legend = content.strip_prefix("<legend>").and_then(|legend| legend.split_once("</legend>"));
            assert!(legend.is_some_and(|(legend, _)| !text(legend).is_empty()), "{name}: {group}");
        }
        for (open, close) in [("<button type=\"submit\">", "</button>"), ("<summary>", "</summary>")] {
            assert!(
                between(&html, open, close).iter().all(|label| !text(label).is_empty()),
                "{name}: {open}"
            );
        }
    }
}

#[test]
fn an_error_is_read_out_with_its_field_and_found_from_the_summary() {
    let mut seen = 0;
    for (name, html) in pages() {
        for id in attributes(&html, "id").into_iter().filter(|id| id.ends_with("-error")) {
            let described = html.split('<').filter(|tag| {
                let lists = attributes(tag.split('>').next().unwrap(), "aria-describedby");
                lists.iter().any(|list| list.split(' ').any(|one| one == id))
            });
            let described: Vec<&str> = described.collect();
            assert!(described.len() == 1 && described[0].contains("aria-invalid=\"true\""), "{name}: {id}");
            let field = id.strip_suffix("-error").unwrap();
            let links = attributes(&html, "href");
            let leads_to =
                |link: &&str| *link == format!("#{field}") || link.starts_with(&format!("#{field}-"));
            assert!(links.iter().any(leads_to), "{name}: {field} in {links:?}");
            seen += 1;
        }
        assert_eq!(
            html.matches("aria-invalid=\"true\"").count(),
            html.matches("class=\"error\"").count(),
            "{name}"
        );
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn the_summary_of_errors_takes_the_focus_and_nothing_else_does() {
    for (name, html) in pages() {
        let is_faulty = html.contains("class=\"error\"") || html.contains("class=\"summary\"");
        assert_eq!(html.matches(" autofocus").count(), usize::from(is_faulty), "{name}");
        if is_faulty {
            let summary =
                tags(&html, "div").into_iter().find(|tag| tag.contains("class=\"summary\"")).unwrap();
            for part in
                [" role=\"alert\"", " tabindex=\"-1\"", " autofocus", " aria-labelledby=\"summary-heading\""]
            {
                assert!(summary.contains(part), "{name}: {part} in {summary}");
            }
        }
        assert!(attributes(&html, "tabindex").iter().all(|order| *order == "-1"), "{name}");
        // The one thing that is hidden from screen readers and can be read repeats what is said above.
        let hidden: Vec<&str> = html.split(" aria-hidden=\"true\">").skip(1).collect();
        let is_mark = |text: &&str| text.starts_with(['✓', '!']);
        assert!(
            hidden.iter().all(|text| is_mark(text) || text.contains("autocomplete=\"username\"")),
            "{name}"
        );
    }
}

#[test]
fn without_styles_everything_is_there_in_its_order() {
    for word in ["content:", " order:", "reverse", "float"] {
        assert!(!STYLE.contains(word), "{word}");
    }
    for (name, html) in pages() {
        let body = html.split_once("<body>").unwrap().1;
        let place = |part: &str| body.find(part);
        let order = [place("class=\"summary\""), place("<h1>"), place("<form")];
        let order: Vec<usize> = order.into_iter().flatten().collect();
        assert!(order.is_sorted(), "{name}: {order:?}");
        // Of a field: its label, what is said about it, and then the control.
        for label in body.split("<label for=\"").skip(1) {
            let id = label.split('"').next().unwrap();
            assert!(label.contains(&format!(" id=\"{id}\"")), "{name}: {id}");
        }
        for error in between(body, "<p><span class=\"unseen\">", "</p>") {
            let (before, message) = error.split_once("</span>").unwrap();
            assert!(!before.trim().is_empty() && !message.trim().is_empty(), "{name}: {error}");
        }
        assert!(
            tags(&html, "style").len() == 1 && !body.contains(" style=") && !body.contains(" hidden"),
            "{name}"
        );
    }
}

#[test]
fn forms_lead_below_the_base_path() {
    let pages = Pages::new("/a/invite").unwrap();
    let mut seen = 0;
    for (name, screen) in every_screen() {
        let html = pages.render_below(&screen, Some(TOKEN), Locale::En).unwrap();
        for action in attributes(&html, "action") {
            let path = action.strip_prefix("/a/invite/").unwrap_or_else(|| panic!("{name}: {action}"));
            let known = ["activate", "reset-password", "confirm-email"];
            assert!(known.iter().any(|page| path.starts_with(page)), "{name}: {action}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}
