import { chooseLanguage, type Server, type Texts } from "@kinopass/http";
import QRCode from "qrcode";
import { Type } from "typebox";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { clientOf, deviceOf } from "../http/client.ts";
import { networkOf } from "../http/network.ts";
import { showTokens, TokensSchema } from "../sessions/schemas.ts";
import type { PairingDecisions } from "./decisions.ts";
import { deviceCodeName, MembersOfRequests } from "./limits.ts";
import { EXPIRES_SECONDS, INTERVAL_SECONDS, type Pairings } from "./pairings.ts";
import type { PairingRow } from "./queries.ts";
import { pollRefusals, refuse } from "./refusals.ts";
import {
  Approved,
  ApproveRequest,
  CodeAnswer,
  CodeRequest,
  TokenRequest,
  UserCodeParams,
  Waiting,
} from "./schemas.ts";
import { readUserCode, showUserCode } from "./user-code.ts";

interface Dependencies {
  readonly pairings: Pairings;
  readonly decisions: PairingDecisions;
  readonly authenticate: Authenticate;
  /** Where people type the code. */
  readonly siteUrl: string;
}

const WARNING: Texts = {
  en: "Say yes only to a TV that stands before you. Whoever sent you this code, by phone, mail or chat, wants into your account.",
  ru: "Подтверждайте только телевизор, который стоит перед вами. Тот, кто прислал вам этот код по телефону, почте или в чате, хочет войти в вашу учётную запись.",
};

const tags = ["tv"];
const security = memberSecurity;

export function pairingRoutes(app: Server, given: Dependencies): void {
  deviceRoutes(app, given);
  decisionRoutes(app, given);
}

/** What the TV asks. */
function deviceRoutes(app: Server, { pairings, siteUrl }: Dependencies): void {
  app.post(
    "/v1/device/code",
    {
      config: { limit: { class: "sign-in" } },
      schema: {
        operationId: "beginPairing",
        summary: "Get a code to show on a TV",
        description: "RFC 8628 §3.2. The code works for ten minutes; ask for another when it ran out.",
        tags,
        body: CodeRequest,
        response: { 200: CodeAnswer },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const device = deviceOf({ kind: "tv", ...request.body.device }, client);
      const { deviceCode, userCode } = await pairings.begin(client, device);
      const address = `${siteUrl}/pair`;
      const complete = `${address}?code=${userCode}`;
      return {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: address,
        verification_uri_complete: complete,
        verification_qr_svg: await QRCode.toString(complete, { type: "svg", margin: 2 }),
        expires_in: EXPIRES_SECONDS,
        interval: INTERVAL_SECONDS,
      };
    },
  );

  app.post(
    "/v1/device/token",
    {
      config: {
        limit: { class: "refresh", account: (request) => deviceCodeName(request.body) },
        refuses: pollRefusals,
      },
      schema: {
        operationId: "pollPairing",
        summary: "Ask whether the code was confirmed; signs the TV in",
        description:
          "RFC 8628 §3.4 and §3.5. Refusals carry the OAuth `error` beside our `code`, and `interval` where it says how long to wait. The tokens are handed out once; a TV that lost the answer is given the same one for ten seconds.",
        tags,
        body: TokenRequest,
        response: { 200: TokensSchema },
      },
    },
    async (request) => showTokens(await pairings.poll(request.body.device_code, clientOf(request))),
  );
}

/** What the person on the other device sees and says. */
function decisionRoutes(app: Server, { authenticate, decisions }: Dependencies): void {
  const members = new MembersOfRequests();
  const limit = { class: "sign-in", account: members.nameOf };
  const codeRefusals = [...memberRefusals, refuse.user_code_unknown, refuse.pairing_decided] as const;
  const asMember = members.before((request) => authenticate.member(request));
  const asFreshMember = members.before((request) => authenticate.freshMember(request));

  app.get(
    "/v1/device/:user_code",
    {
      config: { limit, refuses: codeRefusals },
      preValidation: asMember,
      schema: {
        operationId: "showPairing",
        summary: "Which TV waits behind a code",
        description: "Reading decides nothing: the person must be shown this, and then press a button.",
        tags,
        security,
        params: UserCodeParams,
        response: { 200: Waiting },
      },
    },
    async (request) => {
      const row = await decisions.look(request.params.user_code);
      return {
        user_code: showUserCode(readUserCode(request.params.user_code) ?? ""),
        device: deviceShown(row),
        address: row.address,
        same_network: networkOf(row.address) === networkOf(clientOf(request).address),
        created_at: row.created_at.toISOString(),
        expires_at: row.expires_at.toISOString(),
        warning: WARNING[chooseLanguage(request.headers["accept-language"])],
      };
    },
  );

  app.post(
    "/v1/device/:user_code/approve",
    {
      config: { limit, refuses: [...codeRefusals, refuseMember.reauth_required] },
      preValidation: asFreshMember,
      schema: {
        operationId: "approvePairing",
        summary: "Let the TV in",
        description:
          "Needs a sign-in of the last ten minutes. The first account to decide decides; its second yes is taken for a retry.",
        tags,
        security,
        params: UserCodeParams,
        body: ApproveRequest,
        response: { 200: Approved },
      },
    },
    async (request) => {
      const { device_name: deviceName, age_ceiling: ageCeiling } = request.body;
      const wishes = { deviceName, ageCeiling };
      const member = members.of(request);
      const row = await decisions.approve(request.params.user_code, member, clientOf(request), wishes);
      return { device: deviceShown(row), age_ceiling: row.age_ceiling };
    },
  );

  app.post(
    "/v1/device/:user_code/deny",
    {
      config: { limit, refuses: codeRefusals },
      preValidation: asMember,
      schema: {
        operationId: "denyPairing",
        summary: "Tell the TV no",
        tags,
        security,
        params: UserCodeParams,
        response: { 204: Type.Null({ description: "The TV is refused at its next question" }) },
      },
    },
    async (request, reply) => {
      await decisions.deny(request.params.user_code, members.of(request), clientOf(request));
      return reply.code(204).send(null);
    },
  );
}

function deviceShown({ device_kind, device_name }: PairingRow) {
  return { name: device_name, kind: device_kind };
}
