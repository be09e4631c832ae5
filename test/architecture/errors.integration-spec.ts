import { beforeAll, describe, expect, it } from '@jest/globals';
import { definedErrors, type ErrorSpec } from '../../src/common/errors/app-error.js';
import { projectFile, sourceFiles } from './sources.js';

const sources = sourceFiles();
const declaring = sources.filter(({ path }) => path.endsWith('.errors.ts'));

interface ErrorClass {
  readonly path: string;
  readonly name: string;
  readonly docstring: string;
  /** The constant that holds the spec, as the class passes it on. */
  readonly spec: string | undefined;
}

const classPattern = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export class (\w+) extends (?:AppError|\w+Error) \{([^]*?)\n\}/g;

const errorClasses = (): ErrorClass[] =>
  declaring.flatMap(({ path, text }) =>
    [...text.matchAll(classPattern)].map(([, docstring, name, body]) => ({
      path,
      name: name!,
      docstring: docstring!.replace(/^[\s*]+/, ''),
      spec: /super\(\s*(\w+)/.exec(body!)?.[1],
    })),
  );

describe('error registry', () => {
  let specs: readonly ErrorSpec[];

  beforeAll(async () => {
    for (const { absolutePath } of declaring) await import(absolutePath);
    specs = definedErrors();
  });

  it('is filled in *.errors.ts files only', () => {
    const others = sources.filter(({ path, text }) => /\bdefineError\(/.test(text) && !path.endsWith('.errors.ts'));
    expect(others.map(({ path }) => path)).toEqual(['src/common/errors/app-error.ts']);
  });

  it('has one class for each code, and one code for each class', () => {
    const declared = declaring.flatMap(({ path, text }) =>
      [...text.matchAll(/const (\w+) = defineError\(/g)].map(([, name]) => `${path} ${name}`),
    );
    const used = errorClasses().flatMap(({ path, spec }) => (spec ? [`${path} ${spec}`] : []));
    expect(used.sort()).toEqual(declared.sort());
    expect(specs).toHaveLength(declared.length);
  });

  it('has no class that nothing throws', () => {
    const unused = errorClasses().filter(
      ({ name }) => !sources.some(({ text }) => new RegExp(`new ${name}\\(|extends ${name}\\b`).test(text)),
    );
    expect(unused.map(({ path, name }) => `${path} ${name}`)).toEqual([]);
  });

  it('says of each class when it is thrown', () => {
    expect(
      errorClasses()
        .filter(({ docstring }) => !docstring.startsWith('Thrown '))
        .map(({ name }) => name),
    ).toEqual([]);
  });

  it('has codes of the form AREA.CONDITION, and sentences for the reader', () => {
    for (const { code, title, cause, cure } of specs) {
      expect(code).toMatch(/^[A-Z]+\.[A-Z][A-Z_]*$/);
      expect([title, cause, cure].filter((text) => text.trim() === '')).toEqual([]);
      expect(title).not.toMatch(/\.$/);
      expect(`${cause}|${cure}`).toMatch(/^[^|]+\.\|[^|]+\.$/);
    }
  });

  it('is what docs/errors.md lists, by title, cause and cure', () => {
    const page = projectFile('docs/errors.md');
    const sections = page.split(/^## /m).slice(1);
    expect(sections.map((section) => section.slice(0, section.indexOf('\n')))).toEqual(specs.map(({ code }) => code));
    specs.forEach(({ title, cause, cure }, index) => {
      expect(sections[index]).toContain(`\n${title}. Status `);
      expect(sections[index]).toContain(`* Cause: ${cause}\n`);
      expect(sections[index]).toContain(`* Cure: ${cure}\n`);
    });
  });
});
