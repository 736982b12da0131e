"""What field users read and are sent, in the session's language. Pure.

English, French and Arabic are written out; the other eleven languages of the contract fall back to English, and the
page then says `lang="en"`. Moments are written by Babel in the organization's time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

WRITTEN = ("en", "fr", "ar")

SENTENCES: dict[str, tuple[str, str, str]] = {
    "hello": ("Hello {name},", "Bonjour {name},", "مرحبًا {name}،"),
    "hello_nobody": ("Hello,", "Bonjour,", "مرحبًا،"),
    "invited_subject": (
        "{organization}: your link for the inspection",
        "{organization} : votre lien pour l’inspection",
        "{organization}: رابط المعاينة",
    ),
    "invited_text": (
        "{organization} asks you to join a short inspection with your phone.",
        "{organization} vous invite à une courte inspection avec votre téléphone.",
        "تدعوك {organization} إلى معاينة قصيرة باستخدام هاتفك.",
    ),
    "about": ("About: {notes}", "Objet : {notes}", "الموضوع: {notes}"),
    "when": ("When: {when}", "Quand : {when}", "الموعد: {when}"),
    "when_now": (
        "When: as soon as you can.",
        "Quand : dès que vous le pouvez.",
        "الموعد: في أقرب وقت ممكن.",
    ),
    "invited_button": ("Open the inspection", "Ouvrir l’inspection", "افتح المعاينة"),
    "invited_code_apart": (
        "You will be asked for a code of six digits. It comes in a separate message.",
        "Un code à six chiffres vous sera demandé. Il arrive dans un message séparé.",
        "سيُطلب منك رمز من ستة أرقام. يصلك في رسالة منفصلة.",
    ),
    "invited_until": (
        "The link is yours alone and works until {until}. Do not pass it on.",
        "Le lien est personnel et fonctionne jusqu’au {until}. Ne le transmettez pas.",
        "الرابط خاص بك ويعمل حتى {until}. لا تُرسله إلى أحد.",
    ),
    "code_subject": (
        "{organization}: your code",
        "{organization} : votre code",
        "{organization}: الرمز",
    ),
    "code_text": (
        "Your code for the inspection with {organization}:",
        "Votre code pour l’inspection avec {organization} :",
        "رمزك للمعاينة مع {organization}:",
    ),
    "code_life": (
        "It works for 10 minutes. Type it on the page that your link opens. Nobody will ask you for it by phone.",
        "Il est valable 10 minutes. Saisissez-le sur la page qu’ouvre votre lien. Personne ne vous le "
        "demandera par téléphone.",
        "يبقى صالحًا 10 دقائق. اكتبه في الصفحة التي يفتحها الرابط. لن يطلبه منك أحد بالهاتف.",
    ),
    "reminder_subject": (
        "{organization}: your inspection is at {when}",
        "{organization} : votre inspection aura lieu le {when}",
        "{organization}: موعد المعاينة {when}",
    ),
    "reminder_text": (
        "This is a reminder of your inspection with {organization}. Keep your phone charged and go where "
        "there is light.",
        "Rappel de votre inspection avec {organization}. Prévoyez un téléphone chargé et un endroit bien éclairé.",
        "تذكير بموعد المعاينة مع {organization}. اشحن هاتفك واختر مكانًا مضاءً.",
    ),
    "reminder_link": (
        "The link is in the message we sent you before. If you cannot find it, answer this message.",
        "Le lien se trouve dans le message que nous vous avons envoyé. Si vous ne le trouvez pas, répondez à "
        "ce message.",
        "الرابط موجود في الرسالة السابقة. إن لم تجده فأجب عن هذه الرسالة.",
    ),
    "sms_link": (
        "{organization} asks you to join an inspection: {url} (works until {until})",
        "{organization} vous invite à une inspection : {url} (jusqu’au {until})",
        "تدعوك {organization} إلى معاينة: {url} (حتى {until})",
    ),
    "sms_code": (
        "{code} is your code for the inspection with {organization}. It works for 10 minutes.",
        "{code} est votre code pour l’inspection avec {organization}. Valable 10 minutes.",
        "{code} رمزك للمعاينة مع {organization}. صالح 10 دقائق.",
    ),
    # The field page
    "step": ("Step {n} of 4: {name}", "Étape {n} sur 4 : {name}", "الخطوة {n} من 4: {name}"),
    "step_link": ("your link", "votre lien", "الرابط"),
    "step_code": ("your code", "votre code", "الرمز"),
    "step_consent": ("what you allow", "vos autorisations", "موافقتك"),
    "step_in": ("you are in", "vous êtes en ligne", "دخلت"),
    "welcome_title": (
        "{organization} invites you to an inspection",
        "{organization} vous invite à une inspection",
        "تدعوك {organization} إلى معاينة",
    ),
    "welcome_hello": ("Hello {name}.", "Bonjour {name}.", "مرحبًا {name}."),
    "welcome_text": (
        "An inspector looks at something together with you, through this phone. You need a few minutes and good light.",
        "Un inspecteur examine quelque chose avec vous, par ce téléphone. Prévoyez quelques minutes et un "
        "bon éclairage.",
        "سيعاين المفتش معك شيئًا عبر هذا الهاتف. تحتاج إلى بضع دقائق وإضاءة جيدة.",
    ),
    "welcome_next": (
        "Nothing starts until you press the button. Then only this phone can use the link.",
        "Rien ne commence avant que vous n’appuyiez. Ensuite, seul ce téléphone pourra utiliser le lien.",
        "لن يبدأ شيء قبل أن تضغط الزر. بعد ذلك لا يعمل الرابط إلا على هذا الهاتف.",
    ),
    "continue": ("Continue", "Continuer", "متابعة"),
    "code_title": ("Type the code we sent you", "Saisissez le code reçu", "اكتب الرمز الذي أرسلناه إليك"),
    "code_where": (
        "It is six digits, in a second message to {where}. It works for {left} more.",
        "Il a six chiffres et se trouve dans un second message envoyé à {where}. Il est encore valable {left}.",
        "ستة أرقام، في رسالة ثانية إلى {where}. يبقى صالحًا {left}.",
    ),
    "minutes": ("{n} min", "{n} min", "{n} دقيقة"),
    "under_a_minute": ("less than a minute", "moins d’une minute", "أقل من دقيقة"),
    "or": ("{a} and {b}", "{a} et {b}", "{a} و{b}"),
    "code_label": ("Code", "Code", "الرمز"),
    "code_wrong": (
        "That code is not right. Tries left: {n}. After that we must send a new one.",
        "Ce code n’est pas le bon. Essais restants : {n}. Ensuite, il faudra un nouveau code.",
        "الرمز غير صحيح. المحاولات الباقية: {n}. بعدها يلزم رمز جديد.",
    ),
    "code_missing": (
        "Type the six digits, then press Continue.",
        "Saisissez les six chiffres, puis appuyez sur Continuer.",
        "اكتب الأرقام الستة ثم اضغط متابعة.",
    ),
    "code_lost": ("The code did not come", "Le code n’est pas arrivé", "لم يصل الرمز"),
    "code_lost_text": (
        "Look in the spam folder. Or call whoever invited you: they can send a new code or read it to you.",
        "Regardez dans les indésirables, ou appelez la personne qui vous a invité : elle peut envoyer un "
        "nouveau code ou vous le lire.",
        "انظر في مجلد الرسائل غير المرغوب فيها، أو اتصل بمن دعاك: يمكنه إرسال رمز جديد أو قراءته لك.",
    ),
    "code_expired_title": ("The code is too old", "Le code a expiré", "انتهت صلاحية الرمز"),
    "code_expired_text": (
        "Codes work for 10 minutes. Call whoever invited you and ask for a new one, then press Continue. "
        "Your link stays good.",
        "Un code est valable 10 minutes. Demandez-en un nouveau à la personne qui vous a invité, puis "
        "appuyez sur Continuer. Votre lien reste bon.",
        "الرمز صالح 10 دقائق. اطلب رمزًا جديدًا ممن دعاك ثم اضغط متابعة. يبقى الرابط صالحًا.",
    ),
    "code_next": (
        "Next we ask for your camera and your place. You can say no to either, and nothing is recorded "
        "before you say yes.",
        "Ensuite, nous demanderons l’accès à la caméra et à votre position. Vous pouvez refuser ; rien n’est "
        "enregistré avant votre accord.",
        "بعد ذلك نسأل عن الكاميرا والمكان. يمكنك الرفض، ولا يُسجَّل شيء قبل موافقتك.",
    ),
    "consent_title": ("What do you allow?", "Qu’autorisez-vous ?", "بماذا تسمح؟"),
    "consent_text": (
        "Both answers are written into the record of this inspection. You can say no and still take part.",
        "Vos deux réponses sont inscrites au dossier de cette inspection. Vous pouvez refuser et participer "
        "quand même.",
        "تُكتب الإجابتان في سجل هذه المعاينة. يمكنك الرفض والمشاركة مع ذلك.",
    ),
    "consent_camera": ("Your camera", "Votre caméra", "الكاميرا"),
    "consent_camera_text": (
        "so that the inspector sees what you see",
        "pour que l’inspecteur voie ce que vous voyez",
        "حتى يرى المفتش ما تراه",
    ),
    "consent_gps": ("Your place", "Votre position", "المكان"),
    "consent_gps_text": (
        "so that each photo says where it was taken",
        "pour que chaque photo indique où elle a été prise",
        "حتى تبيّن كل صورة مكان التقاطها",
    ),
    "yes": ("Yes, I allow it", "Oui, j’autorise", "نعم، أسمح"),
    "no": ("No", "Non", "لا"),
    "save_answers": ("Save my answers", "Enregistrer mes réponses", "احفظ إجاباتي"),
    "in_title": ("You are in", "Vous êtes en ligne", "لقد دخلت"),
    "in_waiting": (
        "The inspector has been told that you are here. Keep this page open; they will call you or speak to you.",
        "L’inspecteur sait que vous êtes là. Gardez cette page ouverte ; il vous appellera ou vous parlera.",
        "أُبلغ المفتش بوصولك. أبقِ هذه الصفحة مفتوحة؛ سيتصل بك أو يتحدث إليك.",
    ),
    "in_attended": (
        "{operator} is with you.",
        "{operator} est avec vous.",
        "{operator} معك الآن.",
    ),
    "in_recording": (
        "This inspection is being recorded.",
        "Cette inspection est enregistrée.",
        "يجري تسجيل هذه المعاينة.",
    ),
    "in_notes": ("What it is about", "De quoi il s’agit", "موضوع المعاينة"),
    "in_consent": ("What you allowed", "Ce que vous avez autorisé", "ما سمحت به"),
    "granted": ("allowed", "autorisé", "مسموح"),
    "denied": ("not allowed", "refusé", "غير مسموح"),
    "in_change": ("Change my answers", "Modifier mes réponses", "غيّر إجاباتي"),
    "reload": ("Look again", "Actualiser", "تحديث"),
    "with_you": ("With you: {operator}", "Avec vous : {operator}", "معك: {operator}"),
    # When it does not go on
    "gone_not_found": ("This link is not known", "Ce lien est inconnu", "هذا الرابط غير معروف"),
    "gone_not_found_text": (
        "Perhaps it was copied only in part, or a newer one was sent. Open the newest message and press the "
        "link there.",
        "Il a peut-être été copié en partie, ou un lien plus récent a été envoyé. Ouvrez le dernier message "
        "et utilisez son lien.",
        "ربما نُسخ جزء منه فقط، أو أُرسل رابط أحدث. افتح أحدث رسالة واستخدم الرابط فيها.",
    ),
    "gone_join_revoked": ("This link was taken back", "Ce lien a été retiré", "أُلغي هذا الرابط"),
    "gone_join_revoked_text": (
        "Whoever invited you has withdrawn it. Call them if you expected to take part.",
        "La personne qui vous a invité l’a retiré. Appelez-la si vous deviez participer.",
        "سحبه من دعاك. اتصل به إن كنت تنتظر المشاركة.",
    ),
    "gone_join_expired": ("This link is too old", "Ce lien a expiré", "انتهت صلاحية الرابط"),
    "gone_join_expired_text": (
        "Call whoever invited you and ask for a new link.",
        "Appelez la personne qui vous a invité et demandez un nouveau lien.",
        "اتصل بمن دعاك واطلب رابطًا جديدًا.",
    ),
    "gone_session_ended": ("This inspection has ended", "Cette inspection est terminée", "انتهت هذه المعاينة"),
    "gone_session_ended_text": (
        "Thank you. Nothing more is needed from you, and you can close this page.",
        "Merci. Rien de plus n’est nécessaire, vous pouvez fermer cette page.",
        "شكرًا لك. لا يلزم شيء آخر، ويمكنك إغلاق هذه الصفحة.",
    ),
    "gone_session_expired": (
        "This inspection did not take place",
        "Cette inspection n’a pas eu lieu",
        "لم تتم هذه المعاينة",
    ),
    "gone_session_expired_text": (
        "Nobody joined in time. Call whoever invited you and ask for a new one.",
        "Personne ne s’est connecté à temps. Appelez la personne qui vous a invité pour en fixer une nouvelle.",
        "لم ينضم أحد في الوقت المحدد. اتصل بمن دعاك لتحديد موعد جديد.",
    ),
    "gone_otp_locked": ("This link is locked", "Ce lien est bloqué", "هذا الرابط مقفل"),
    "gone_otp_locked_text": (
        "The code was typed wrong five times. Call whoever invited you and ask for a new link and code.",
        "Le code a été mal saisi cinq fois. Appelez la personne qui vous a invité et demandez un nouveau "
        "lien et un nouveau code.",
        "كُتب الرمز خطأً خمس مرات. اتصل بمن دعاك واطلب رابطًا ورمزًا جديدين.",
    ),
    "gone_join_pinned": (
        "This link is already in use on another phone or connection",
        "Ce lien est déjà utilisé sur un autre téléphone ou une autre connexion",
        "هذا الرابط مستخدم بالفعل على هاتف أو اتصال آخر",
    ),
    "gone_join_pinned_text": (
        "It works only where it was first opened. Go back to that browser and connection, or ask for a new link.",
        "Il ne fonctionne que là où il a été ouvert d’abord. Revenez à ce navigateur et à cette connexion, "
        "ou demandez un nouveau lien.",
        "لا يعمل إلا حيث فُتح أول مرة. عُد إلى ذلك المتصفح والاتصال، أو اطلب رابطًا جديدًا.",
    ),
    "gone_join_busy": ("That did not go through", "Cela n’a pas abouti", "لم ينجح ذلك"),
    "gone_join_busy_text": (
        "Go back and try once more.",
        "Revenez en arrière et réessayez.",
        "ارجع وحاول مرة أخرى.",
    ),
    "gone_signed_out": ("Open your link again", "Rouvrez votre lien", "افتح الرابط من جديد"),
    "gone_signed_out_text": (
        "This page no longer knows you. Open the link in the message once more: on the same phone no code is needed.",
        "Cette page ne vous reconnaît plus. Rouvrez le lien du message : sur le même téléphone, aucun code "
        "n’est demandé.",
        "لم تعد هذه الصفحة تعرفك. افتح الرابط في الرسالة مرة أخرى: لا يلزم رمز على الهاتف نفسه.",
    ),
}

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "ar": "العربية"}
Say = Callable[..., str]


def language(locale: str) -> str:
    """The language we can write for a locale."""
    return locale if locale in WRITTEN else "en"


def speaker(locale: str) -> Say:
    """`say("code_wrong", n=2)` in the language of `locale`."""
    column = WRITTEN.index(language(locale))

    def say(key: str, **values: Any) -> str:
        return SENTENCES[key][column].format(**values)

    return say


def moment(instant: datetime, zone: str, locale: str) -> str:
    """Day, hour and zone as people of this language write them."""
    pattern = {"en": "EEE d MMM yyyy, HH:mm zzz", "fr": "EEE d MMM yyyy, HH:mm zzz", "ar": "EEE d MMM yyyy، HH:mm zzz"}
    tongue = language(locale)
    return format_datetime(instant, pattern[tongue], tzinfo=ZoneInfo(zone), locale=tongue)


def left(length: timedelta, say: Say) -> str:
    """How long something still works, in begun minutes left out."""
    minutes = int(length.total_seconds() // 60)
    return say("minutes", n=minutes) if minutes else say("under_a_minute")


PHRASES: dict[str, tuple[str, str, str]] = {
    "locked": (
        "The link is locked after five wrong codes. I am sending you a new link and a new code now.",
        "Le lien est bloqué après cinq codes faux. Je vous envoie un nouveau lien et un nouveau code.",
        "الرابط مقفل بعد خمسة رموز خاطئة. سأرسل إليك رابطًا ورمزًا جديدين الآن.",
    ),
    "code": (
        "Look for a second message with six digits and type them on the page.",
        "Cherchez un second message avec six chiffres et saisissez-les sur la page.",
        "ابحث عن رسالة ثانية فيها ستة أرقام واكتبها في الصفحة.",
    ),
    "code_expired": (
        "The code is older than ten minutes. I am sending you a new one; keep the page open.",
        "Le code a plus de dix minutes. Je vous en envoie un nouveau ; gardez la page ouverte.",
        "مرّ على الرمز أكثر من عشر دقائق. سأرسل إليك رمزًا جديدًا؛ أبقِ الصفحة مفتوحة.",
    ),
    "press": (
        "Open the message and press the link, then press Continue.",
        "Ouvrez le message, appuyez sur le lien, puis sur Continuer.",
        "افتح الرسالة واضغط الرابط ثم اضغط متابعة.",
    ),
    "mail_failed": (
        "Our message did not reach you. What is your e-mail address, letter by letter?",
        "Notre message ne vous est pas parvenu. Quelle est votre adresse e-mail, lettre par lettre ?",
        "لم تصلك رسالتنا. ما عنوان بريدك الإلكتروني حرفًا حرفًا؟",
    ),
    "camera_denied": (
        "Press “Change my answers” on the page and allow the camera; you can take it back at any time.",
        "Appuyez sur « Modifier mes réponses » et autorisez la caméra ; vous pouvez revenir en arrière à tout moment.",
        "اضغط «غيّر إجاباتي» في الصفحة واسمح بالكاميرا؛ يمكنك التراجع في أي وقت.",
    ),
}


def phrase(key: str, locale: str) -> str:
    """What the operator can say on the phone, in the callee's language."""
    return PHRASES[key][WRITTEN.index(language(locale))]
