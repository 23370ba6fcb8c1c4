import { heading } from "../dom";
import { textField } from "../fields";
import { form } from "../form";
import { go, type Page } from "../page";
import { signIn } from "../session";

export const signInPage: Page = async () => {
  const email = textField({
    member: "email", label: "E-mail address", type: "email", autocomplete: "username", required: true,
  });
  const password = textField({
    member: "password", label: "Password", type: "password", autocomplete: "current-password", required: true,
  });
  const content = form({
    fields: () => [email, password],
    body: [email.root, password.root],
    submit: "Sign in",
    async send() {
      await signIn(email.control.value, password.control.value);
      go("#/");
    },
  });
  return { title: "Sign in", content: [heading("Sign in"), content] };
};
