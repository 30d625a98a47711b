import type { BoardOrphan, BoardRow } from '../src/board/wire.js';
import { button, element, type Child } from './element.js';
import { ask, sentence } from './live.js';
import { say } from './saying.js';

/** What a person answers, each in a dialog that says what happens next. */

interface Question {
  readonly title: string;
  readonly about: readonly Child[];
  readonly fields?: readonly HTMLElement[];
  readonly act: string;
  /** Asks for the change. */
  send(): Promise<unknown>;
  /** What is said once it is done. */
  readonly done: string;
}

const shownVersion = ({ scope, key, version }: BoardRow): object => ({ scope, key, version });

/** The job was submitted, and this is its ID. */
export function askToAdopt(row: BoardRow): void {
  const id = element('input', { required: true, autocomplete: 'off', spellcheck: 'false', id: 'external-id' });
  const json = element('input', { type: 'checkbox', id: 'external-id-json' });
  question({
    title: `Adopt the job of ${row.title}`,
    about: [
      element('p', {}, 'Say this if the external system has a job with the key:'),
      element('p', {}, element('code', { class: 'key' }, row.idempotencyKey ?? '')),
      element('p', {}, 'The next attempt then reconnects to it. Retry the task in its queue afterwards, if it has failed.'),
    ],
    fields: [
      element('label', { for: 'external-id' }, 'ID of the job in the external system'),
      id,
      element('label', { class: 'check' }, json, ' This ID is a number or JSON'),
    ],
    act: 'Adopt',
    send: () => ask('adopt', { ...shownVersion(row), externalId: id.value.trim(), json: json.checked }),
    done: 'Adopted. The next attempt reconnects.',
  });
}

/** The job was not submitted. */
export function askToDeny(row: BoardRow): void {
  question({
    title: `${row.title} never arrived`,
    about: [
      element('p', {}, 'Say this only if the external system has no job with this key, and none can still arrive:'),
      element('p', {}, element('code', { class: 'key' }, row.idempotencyKey ?? '')),
      element('p', {}, 'The next attempt then submits again. If the job does exist, there will be two.'),
    ],
    act: 'It never arrived',
    send: () => ask('not-submitted', shownVersion(row)),
    done: 'Noted. The next attempt submits again.',
  });
}

/** A failed job may be submitted again. */
export function askToReopen(row: BoardRow): void {
  question({
    title: `Reopen ${row.title}`,
    about: [element('p', {}, 'The next attempt of the task then submits the next job. Retry the task in its queue afterwards.')],
    act: 'Reopen',
    send: () => ask('reopen', shownVersion(row)),
    done: 'Reopened. The next attempt submits again.',
  });
}

/** An orphan is taken off the list. */
export function askToForget({ id, scope, key, externalId }: BoardOrphan): void {
  question({
    title: 'Forget this orphan',
    about: [
      element('p', {}, element('code', {}, externalId)),
      element('p', {}, 'It is only taken off the list. If it still runs, it goes on: stop it in the external system first.'),
    ],
    act: 'Forget',
    send: () => ask('forget', { scope, key, orphan: id }),
    done: 'Forgotten.',
  });
}

function question({ title, about, fields = [], act, send, done }: Question): void {
  const failed = element('p', { class: 'failed', role: 'alert', hidden: true });
  const submit = element('button', { type: 'submit', class: 'main' }, act);
  const form = element(
    'form',
    {},
    ...about,
    ...fields,
    failed,
    element(
      'p',
      { class: 'buttons' },
      submit,
      button('Cancel', () => dialog.close()),
    ),
  );
  const dialog = element('dialog', { 'aria-labelledby': 'question' }, element('h2', { id: 'question' }, title), form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit.disabled = true;
    failed.hidden = true;
    send().then(
      () => {
        dialog.close();
        say(done);
      },
      (error: unknown) => {
        submit.disabled = false;
        failed.textContent = sentence(error instanceof Error ? error.message : 'It failed.');
        failed.hidden = false;
      },
    );
  });
  // The browser gives the focus back to the button that opened it.
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
